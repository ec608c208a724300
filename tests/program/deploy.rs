//! What the package ships beside the program: read by the tools that will read it, where they are installed.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn file(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Whether a tool is installed; says so when it is not.
fn there(tool: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()));
    if !found {
        println!("{tool} is not installed: not run");
    }
    found
}

#[test]
fn units_are_sound_and_shut() {
    for unit in ["mosaique.service", "mosaique-entretien.service"] {
        let text = file(&format!("deploy/{unit}"));
        for line in ["User=mosaique", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"] {
            assert!(text.lines().any(|l| l == line), "{unit} lacks {line}");
        }
    }
    if !there("systemd-analyze") {
        return;
    }
    // The program lies elsewhere here, and there is no such account.
    let dir = tempfile::tempdir().unwrap();
    for unit in ["mosaique.service", "mosaique-entretien.service", "mosaique-entretien.timer"] {
        let text =
            file(&format!("deploy/{unit}")).replace("/usr/bin/mosaique", env!("CARGO_BIN_EXE_mosaique"));
        let text: Vec<&str> = text.lines().filter(|l| !l.starts_with("Documentation=")).collect();
        std::fs::write(dir.path().join(unit), text.join("\n") + "\n").unwrap();
    }
    for unit in ["mosaique.service", "mosaique-entretien.service", "mosaique-entretien.timer"] {
        let out = Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .arg(dir.path().join(unit))
            .env("SYSTEMD_UNIT_PATH", format!("{}:", dir.path().display()))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        let own: Vec<&str> = said.lines().filter(|l| l.contains("mosaique")).collect();
        assert!(own.is_empty(), "{unit}: {}", own.join("\n"));
    }
    let out = Command::new("systemd-analyze")
        .args(["security", "--offline=yes", "--threshold=30"])
        .arg(dir.path().join("mosaique.service"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    println!("{}", said.lines().last().unwrap_or_default());
    assert!(out.status.success(), "exposure above 3.0:\n{said}");
}

#[test]
fn relays_say_who_asks_and_shut_what_is_not_public() {
    let nginx = file("deploy/nginx.conf");
    assert!(nginx.contains("X-Forwarded-For $remote_addr") && nginx.contains("Strict-Transport-Security"));
    assert!(nginx.contains("limit_req zone=") && nginx.contains("location = /readyz"));
    let caddy = file("deploy/Caddyfile");
    assert!(caddy.contains("header_up X-Forwarded-For {remote_host}") && caddy.contains("/readyz"));
    if there("nginx") {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("cle.pem");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=essai"])
            .arg("-keyout")
            .arg(&keys)
            .arg("-out")
            .arg(dir.path().join("cert.pem"))
            .output()
            .unwrap();
        assert!(made.status.success());
        let text = nginx
            .replace("/etc/ssl/mosaique/fullchain.pem", &dir.path().join("cert.pem").display().to_string())
            .replace("/etc/ssl/mosaique/privkey.pem", &keys.display().to_string());
        let whole = format!(
            "pid {0}/nginx.pid; error_log {0}/error.log; events {{}} http {{ access_log off; {text} }}",
            dir.path().display()
        );
        let path = dir.path().join("nginx.conf");
        std::fs::write(&path, whole).unwrap();
        let out = Command::new("nginx").arg("-t").arg("-c").arg(&path).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
    if there("caddy") {
        let out = Command::new("caddy")
            .args(["validate", "--adapter", "caddyfile", "--config"])
            .arg(root().join("deploy/Caddyfile"))
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
}

#[test]
fn the_package_names_files_that_are_there() {
    let cargo: toml::Table = file("Cargo.toml").parse().unwrap();
    let deb = &cargo["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().unwrap();
    assert!(assets.len() > 8);
    for asset in assets {
        let from = asset[0].as_str().unwrap();
        // What a build makes is not there before.
        if !from.starts_with("target/") {
            assert!(root().join(from).is_file(), "{from}");
        }
    }
    for script in ["postinst", "postrm"] {
        let out =
            Command::new("sh").arg("-n").arg(root().join("deploy/debian").join(script)).output().unwrap();
        assert!(out.status.success(), "{script}: {}", String::from_utf8_lossy(&out.stderr));
    }
    // The image runs the same command with options that exist.
    let image = file("deploy/Containerfile");
    for word in ["USER mosaique", "COPY --from=construction", "--ouvrir-au-reseau", "--derriere-un-relais"] {
        assert!(image.contains(word), "{word}");
    }
}
