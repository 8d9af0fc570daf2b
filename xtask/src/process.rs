//! Programs this tool runs: each in a process group of its own, so that a signal or a time
//! limit reaches it together with everything it started.

use std::{
    env,
    ffi::OsString,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    error::Error,
    interrupt::Interrupt,
    signal::{Signal, signal_group, signal_process},
};

const POLL: Duration = Duration::from_millis(20);
const GRACE: Duration = Duration::from_secs(10);

/// What a captured program wrote to standard output, and how it ended.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
}

/// A `cargo` command without what `cargo run` left in the environment for this process.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        // Build scripts watch some of these; left in place they would rebuild half the tree.
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST")
        }) {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// Runs a program to its end, its output streaming through.
pub(crate) fn run(mut command: Command, interrupt: &Interrupt) -> Result<ExitStatus, Error> {
    let child = spawn(&mut command, interrupt)?;
    Ok(wait(child, &command, interrupt, None)?.0)
}

/// Runs a program to its end, or ends it when the limit has passed; `None` means it was ended.
pub(crate) fn run_within(
    mut command: Command,
    interrupt: &Interrupt,
    limit: Duration,
) -> Result<Option<ExitStatus>, Error> {
    let child = spawn(&mut command, interrupt)?;
    let end = now() + limit;
    let (status, was_overdue) = wait(child, &command, interrupt, Some(end))?;
    Ok((!was_overdue).then_some(status))
}

/// Runs a program to its end and keeps its standard output; standard error streams through.
pub(crate) fn capture(mut command: Command, interrupt: &Interrupt) -> Result<Captured, Error> {
    command.stdout(Stdio::piped());
    let child = spawn(&mut command, interrupt)?;
    let output = child.wait_with_output();
    interrupt.reach(None);
    interrupt.check()?;
    let output = output.map_err(|source| unusable(&command, source))?;
    let stdout = String::from_utf8(output.stdout)
        .map_err(|error| Error::output(described(&command), error))?;
    Ok(Captured {
        status: output.status,
        stdout,
    })
}

/// Runs a program whose output nobody needs unless it fails, and gives back what it said.
pub(crate) fn quiet(mut command: Command) -> Result<(bool, String), Error> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| unusable(&command, source))?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.success(), said))
}

/// Ends a child: asks, waits, and kills when asking was not enough.
pub(crate) fn end(child: &mut Child, ask: Signal) {
    signal_process(child.id(), ask);
    let limit = now() + GRACE;
    while now() < limit {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(POLL);
    }
    if child.kill().is_ok() && child.wait().is_ok() {
        eprintln!("xtask: process {} had to be killed", child.id());
    }
}

/// The time, for limits and for the table of steps.
#[expect(
    clippy::disallowed_methods,
    reason = "a tool outside the product measures real time; this is its only clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A command as a person would type it.
pub(crate) fn described(command: &Command) -> String {
    let mut text = command
        .get_program()
        .to_string_lossy()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

pub(crate) fn unusable(command: &Command, source: std::io::Error) -> Error {
    Error::Program {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    }
}

fn spawn(command: &mut Command, interrupt: &Interrupt) -> Result<Child, Error> {
    interrupt.check()?;
    let child = command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|source| unusable(command, source))?;
    interrupt.reach(Some(child.id()));
    Ok(child)
}

fn wait(
    mut child: Child,
    command: &Command,
    interrupt: &Interrupt,
    end: Option<Instant>,
) -> Result<(ExitStatus, bool), Error> {
    let group = child.id();
    let mut asked = None;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) => {}
            Err(source) => break Err(unusable(command, source)),
        }
        let overdue = end.is_some_and(|end| now() >= end);
        match asked {
            None if interrupt.came() || overdue => {
                signal_group(group, Signal::Term);
                asked = Some(now());
            }
            Some(since) if now() >= since + GRACE => signal_group(group, Signal::Kill),
            _ => {}
        }
        thread::sleep(POLL);
    };
    interrupt.reach(None);
    if asked.is_some() {
        // What the program itself started may outlive it.
        signal_group(group, Signal::Kill);
    }
    interrupt.check()?;
    Ok((status?, asked.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_over_its_limit_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; wait", file.display());
        let begun = now();
        let status = run_within(
            shell(&script),
            &Interrupt::default(),
            Duration::from_millis(400),
        );
        assert!(status.unwrap().is_none());
        assert!(begun.elapsed() < Duration::from_secs(9));
        let pid = std::fs::read_to_string(&file).unwrap();
        assert!(is_gone(pid.trim()), "process {pid} outlived its parent");
    }

    #[test]
    fn a_program_within_its_limit_keeps_its_status() {
        let limit = Duration::from_mins(1);
        let status = run_within(shell("exit 3"), &Interrupt::default(), limit).unwrap();
        assert_eq!(status.and_then(|status| status.code()), Some(3));
    }

    #[test]
    fn captured_output_is_kept_whole() {
        let captured = capture(shell("echo one; exit 1"), &Interrupt::default()).unwrap();
        assert_eq!(captured.stdout, "one\n");
        assert_eq!(captured.status.code(), Some(1));
    }

    #[test]
    fn a_command_reads_as_a_person_would_type_it() {
        assert_eq!(described(&shell("exit 3")), "sh -c exit 3");
    }

    fn is_gone(pid: &str) -> bool {
        (0..100).any(|_| {
            thread::sleep(POLL);
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            state.is_empty() || state.contains(") Z ")
        })
    }
}
