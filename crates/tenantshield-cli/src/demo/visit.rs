//! After the tour the product stays up, for a person to try.

use std::io::{self, Write as _};
use std::sync::Arc;

use tenantshield_core::{AuditBus, AuditEvent, AuditSink, SinkError};

use super::fault::Fault;
use super::journal;
use super::token::{Credential, Person};
use super::world::World;
use crate::style::{Style, printable};

/// Prints where the product is and how to talk to it, and waits for an interrupt.
///
/// What the shield refuses meanwhile is told on standard error.
pub(crate) async fn stay(world: &World, bus: &AuditBus, naive: bool) -> Result<(), Fault> {
    bus.register(Arc::new(Watch));
    let trouble = |e| Fault::new("wait for an interrupt", e);
    let mut ending = Ending::new().map_err(trouble)?;
    invite(world, naive)?;
    ending.wait().await.map_err(trouble)
}

/// An interrupt or a request to terminate; the folder is removed after either.
#[cfg(unix)]
struct Ending {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Ending {
    /// Listens from now on, so that a signal between the invitation and the wait is not missed.
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self {
            interrupt,
            terminate,
        })
    }

    async fn wait(&mut self) -> io::Result<()> {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        Ok(())
    }
}

#[cfg(not(unix))]
struct Ending;

#[cfg(not(unix))]
impl Ending {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn wait(&mut self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}

fn invite(world: &World, naive: bool) -> Result<(), Fault> {
    let port = world.address().port();
    let mallory = world.token(Credential::Honest(Person::Mallory))?;
    let carol = world.token(Credential::Honest(Person::Carol))?;
    let mut out = io::stdout().lock();
    let style = Style::of(&out);
    let kind = if naive {
        "without the shield"
    } else {
        "shielded"
    };
    let try_them = [
        (
            "her own invoices",
            format!("-H \"$AS_MALLORY\" http://127.0.0.1:{port}/invoices"),
        ),
        (
            "an invoice of globex",
            format!("-H \"$AS_MALLORY\" http://127.0.0.1:{port}/invoices/211"),
        ),
        (
            "a header that names globex",
            format!("-H \"$AS_MALLORY\" -H 'x-tenant-id: globex' http://127.0.0.1:{port}/invoices"),
        ),
        (
            "injected SQL",
            format!(
                "-G -H \"$AS_MALLORY\" --data-urlencode \"q=' OR 1=1 OR name LIKE '\" \
                 http://127.0.0.1:{port}/customers/search"
            ),
        ),
        (
            "carol's side",
            format!("-H \"$AS_CAROL\" http://127.0.0.1:{port}/invoices/211"),
        ),
    ];
    let lines = try_them.map(|(what, arguments)| {
        format!("{}\ncurl -i {arguments}\n", style.dim(&format!("# {what}")))
    });
    let text = format!(
        "\n{}\n\nThe tokens of mallory (acme) and carol (globex), good for eight hours:\n\
         export AS_MALLORY='authorization: Bearer {mallory}'\n\
         export AS_CAROL='authorization: Bearer {carol}'\n\n{}\nEnd with Ctrl-C.\n",
        style.bold(&format!(
            "The product stays up, {kind}: http://127.0.0.1:{port}"
        )),
        lines.concat(),
    );
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| Fault::new("print the invitation", e))
}

/// Shows each refusal to whoever tries the product.
#[derive(Debug)]
struct Watch;

impl AuditSink for Watch {
    fn emit(&self, event: &Arc<AuditEvent>) -> Result<(), SinkError> {
        if !journal::is_refusal(event.kind()) {
            return Ok(());
        }
        let payload = event.payload();
        let line = format!(
            "audit {}: {} {} {}",
            event.sequence(),
            event.kind().as_str(),
            payload.code().unwrap_or_default(),
            payload.reason().unwrap_or_default(),
        );
        writeln!(io::stderr(), "{}", printable(&line)).map_err(SinkError::new)
    }

    fn name(&self) -> &'static str {
        "demo watch"
    }
}
