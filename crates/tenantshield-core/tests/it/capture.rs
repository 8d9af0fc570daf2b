//! What `tracing` hears on this thread, and the lock for the process-wide gate.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenantshield_core::observability;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// One `tracing` event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Heard {
    pub(crate) target: String,
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<String, String>,
}

impl Heard {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// Runs `body` and gives what this thread said to `tracing` meanwhile.
pub(crate) fn listen<R>(body: impl FnOnce() -> R) -> (R, Vec<Heard>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let subscriber = tracing_subscriber::registry().with(Ear(Arc::clone(&heard)));
    let result = tracing::subscriber::with_default(subscriber, body);
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (result, heard)
}

/// Holds the gate in one position; off again when it goes.
pub(crate) struct Gate {
    _alone: MutexGuard<'static, ()>,
}

impl Gate {
    pub(crate) fn set(is_on: bool) -> Self {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        observability::configure(is_on);
        Self { _alone: alone }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        observability::configure(false);
    }
}

struct Ear(Arc<Mutex<Vec<Heard>>>);

impl<S: Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (target, level) = (
            event.metadata().target().to_owned(),
            *event.metadata().level(),
        );
        let heard = Heard {
            target,
            level,
            fields: fields.0,
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(heard);
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}
