//! Progress bars on the terminal; silent when the output is not one.

use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A bar that counts bytes.
pub fn bytes(label: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    bar.set_style(style("{msg} [{bar:32}] {bytes}/{total_bytes} {eta}"));
    bar.set_message(label.to_owned());
    bar
}

/// A bar for named steps one after the other.
pub struct Steps(Mutex<ProgressBar>);

impl Steps {
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        bar.set_style(style("{msg:24} [{bar:32}] {pos}/{len}"));
        Self(Mutex::new(bar))
    }

    pub fn show(&self, step: &str, done: u64, total: u64) {
        if let Ok(bar) = self.0.lock() {
            bar.set_message(step.to_owned());
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    pub fn finish(&self) {
        if let Ok(bar) = self.0.lock() {
            bar.finish_and_clear();
        }
    }
}
