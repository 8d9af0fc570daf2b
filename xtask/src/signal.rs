//! Signals to other processes, without `unsafe` and without a crate for it.

use std::process::{Command, Stdio};

/// The signals this tool sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signal {
    Int,
    Kill,
    Term,
}

impl Signal {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Int => "INT",
            Self::Kill => "KILL",
            Self::Term => "TERM",
        }
    }
}

/// Sends a signal to every process of a group; a group that is gone is no error.
pub(crate) fn signal_group(group: u32, signal: Signal) {
    send(&format!("-{group}"), signal);
}

/// Sends a signal to one process; a process that is gone is no error.
pub(crate) fn signal_process(process: u32, signal: Signal) {
    send(&process.to_string(), signal);
}

/// The shell's own `kill` is used because a minimal system has no other.
fn send(target: &str, signal: Signal) {
    let told = Command::new("sh")
        .args([
            "-c",
            "kill -s \"$1\" -- \"$2\"",
            "sh",
            signal.name(),
            target,
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if let Err(error) = told {
        eprintln!("xtask: cannot send {} to {target}: {error}", signal.name());
    }
}
