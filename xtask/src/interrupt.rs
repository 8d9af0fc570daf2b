//! What happens on Ctrl-C, SIGTERM and SIGHUP: the running command is told to end, and this
//! process goes on long enough to stop its servers and to remove its folders.

use std::{
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
};

use crate::{
    error::Error,
    signal::{Signal, signal_group},
};

/// Knows whether a signal came, and which process group it has to reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    came: AtomicBool,
    group: Mutex<Option<u32>>,
}

impl Interrupt {
    /// Starts to listen; the first signal is remembered, the second ends this process at once
    /// (servers then end by their parent's death).
    pub(crate) fn install() -> Result<Self, Error> {
        let interrupt = Self::default();
        let heard = interrupt.clone();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(program)?;
        let (mut int, mut term, mut hup) = {
            let _inside = runtime.enter();
            (
                signal(SignalKind::interrupt()).map_err(program)?,
                signal(SignalKind::terminate()).map_err(program)?,
                signal(SignalKind::hangup()).map_err(program)?,
            )
        };
        let listen = async move {
            loop {
                tokio::select! {
                    _ = int.recv() => {}
                    _ = term.recv() => {}
                    _ = hup.recv() => {}
                }
                heard.note();
            }
        };
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(listen))
            .map_err(program)?;
        Ok(interrupt)
    }

    pub(crate) fn came(&self) -> bool {
        self.state.came.load(Ordering::SeqCst)
    }

    /// An error once a signal came.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.came() {
            return Err(Error::Interrupted);
        }
        Ok(())
    }

    /// Blocks until a signal comes.
    pub(crate) fn wait(&self) {
        while !self.came() {
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Names the process group that a signal has to reach, until told otherwise.
    pub(crate) fn reach(&self, group: Option<u32>) {
        let mut reached = self
            .state
            .group
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *reached = group;
        if let (Some(group), true) = (group, self.came()) {
            signal_group(group, Signal::Term);
        }
    }

    // A second signal means now; servers end by their parent's death.
    fn note(&self) {
        if self.state.came.swap(true, Ordering::SeqCst) {
            process::exit(130);
        }
        eprintln!("xtask: stopping (a second signal ends at once)");
        let reached = self
            .state
            .group
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = *reached {
            signal_group(group, Signal::Term);
        }
    }
}

fn program(source: std::io::Error) -> Error {
    Error::Program {
        program: "signal listener".to_owned(),
        source,
    }
}
