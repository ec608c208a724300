//! A store that the built program serves, asked from outside as a page or a script would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mosaique"));
    command.args(args).env_remove("DATABASE_URL").env_remove("MOSAIQUE_BASE_NEUVE").stdin(Stdio::null());
    command
}

/// What a command that must succeed printed.
pub fn said(args: &[&str]) -> String {
    let out: Output = command(args).output().unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// What a command that must fail says.
pub fn refused(args: &[&str]) -> String {
    let out = command(args).output().unwrap();
    assert!(!out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stdout));
    String::from_utf8(out.stderr).unwrap()
}

pub fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A server on a store, once it is ready, and its address.
pub fn serving(store: &str) -> (Child, String) {
    let mut child =
        command(&["serve", "--data", store, "--bind", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.map(Result::unwrap).find(|l| l.starts_with("prêt : http://")).expect("it serves");
    let address = ready.trim_start_matches("prêt : http://").split(' ').next().unwrap().to_owned();
    (child, address)
}

/// A store with the accounts of the demonstration, and a server on it that ends with its test.
pub struct Served {
    pub dir: tempfile::TempDir,
    pub store: String,
    child: Child,
    address: String,
}

impl Served {
    /// Serves the store `magasin` of a folder.
    pub fn new(dir: tempfile::TempDir) -> Self {
        let store = text(&dir.path().join("magasin"));
        std::fs::write(Path::new(&store).join("demonstration"), "").unwrap();
        said(&["admin", "demo", "--data", &store]);
        let (child, address) = serving(&store);
        Self { dir, store, child, address }
    }

    pub fn token(&self, role: &str) -> String {
        let mail = format!("{role}@demonstration.example");
        let told = said(&["admin", "token", "--courriel", &mail, "--ecriture", "--data", &self.store]);
        told.trim().to_owned()
    }

    pub fn ask(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let bearer =
            if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        let sent = body.map(ToString::to_string).unwrap_or_default();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{bearer}Content-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{sent}",
            self.address,
            sent.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::String(body.to_owned())))
    }

    pub fn get(&self, token: &str, path: &str) -> Value {
        let (status, answer) = self.ask(token, "GET", path, None);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
