//! Observability as JSON lines on one side, evidence on the other.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tenantshield::observability;
use tenantshield::{AllowAll, Shield, TenantId, TracingSink};
use tenantshield_examples::{BoxError, directory, guarded, service, shop};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;

/// Lines in memory, where a program would have a file, a socket or a collector.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn parsed(&self) -> Result<Vec<Value>, BoxError> {
        let bytes = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let text = String::from_utf8(bytes)?;
        Ok(text
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?)
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn json(
    lines: &Lines,
    target: &str,
) -> impl tracing_subscriber::Layer<tracing_subscriber::Registry> + Send + Sync {
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(lines.clone())
        .with_filter(Targets::new().with_target(target, tracing::Level::DEBUG))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (operations, evidence) = (Lines::default(), Lines::default());
    let layers: Vec<Box<dyn tracing_subscriber::Layer<_> + Send + Sync>> = vec![
        Box::new(json(&operations, "tenantshield::observability")),
        Box::new(json(&evidence, "tenantshield::audit")),
    ];
    tracing_subscriber::registry().with(layers).init();
    // The two gates: one switch here, one sink there. Neither opens the other.
    observability::configure(true);

    let worker = service("reports")?;
    let shield = Shield::builder()
        .directory(directory(&worker)?)
        .policy(AllowAll)
        .build()?;
    shield.bus().register(Arc::new(TracingSink));
    let db = guarded(shop().await?)?;
    let context = shield.admit_for(TenantId::new("acme")?, worker).await?;
    context
        .scope(async {
            let db = db.current()?;
            sqlx::query("INSERT INTO orders (id, total) VALUES (5, 10)")
                .execute(&db)
                .await?;
            let blocked = sqlx::query("UPDATE orders SET tenant_id = 'globex'")
                .execute(&db)
                .await;
            if blocked.is_ok() {
                Err("a row changed its tenant")
            } else {
                Ok(())
            }
            .map_err(BoxError::from)
        })
        .await?;

    let names = |lines: &Lines| -> Result<Vec<String>, BoxError> {
        let events = lines.parsed()?;
        Ok(events
            .iter()
            .filter_map(|event| event.get("event")?.as_str().map(str::to_owned))
            .collect())
    };
    let seen = names(&operations)?;
    let expected = [
        "tenant.scope.entered",
        "tenant.write.injected",
        "tenant.write.blocked",
        "tenant.scope.exited",
    ];
    if seen != expected {
        return Err(format!("observability told {seen:?}").into());
    }
    let recorded = names(&evidence)?;
    if !recorded
        .iter()
        .any(|event| event == "enforcement_violation")
    {
        return Err(format!("evidence holds {recorded:?}").into());
    }
    Ok(())
}
