//! A worker without HTTP: it admits itself to a tenant and works as that tenant.

use std::sync::Arc;

use tenantshield::{AllowAll, AuditEventType, AuditSink, InMemorySink, Shield, TenantId};
use tenantshield_examples::{BoxError, directory, guarded, service, shop};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let worker = service("billing")?;
    let shield = Shield::builder()
        .directory(directory(&worker)?)
        .policy(AllowAll)
        .build()?;
    let evidence = Arc::new(InMemorySink::new());
    let sink: Arc<dyn AuditSink> = Arc::<InMemorySink>::clone(&evidence);
    shield.bus().register(sink);
    let db = guarded(shop().await?)?;

    // Without a tenant there is no handle, here as anywhere.
    if db.current().is_ok() {
        return Err("a handle without a tenant".into());
    }
    let context = shield
        .admit_for(TenantId::new("acme")?, worker.clone())
        .await?;
    let total: i64 = context
        .scope(async {
            let db = db.current()?;
            let mut transaction = db.begin().await?;
            sqlx::query("UPDATE orders SET total = total + 1")
                .execute(&mut transaction)
                .await?;
            let total = sqlx::query_scalar("SELECT sum(total) FROM orders")
                .fetch_one(&mut transaction)
                .await?;
            transaction.commit().await?;
            Ok::<i64, BoxError>(total)
        })
        .await?;
    // Three orders of 400 in all, each raised by one; the order of globex is as it was.
    if total != 403 {
        return Err(format!("the total is {total}").into());
    }
    // The worker is no member of globex, and the refusal is on record.
    let refused = shield.admit_for(TenantId::new("globex")?, worker).await;
    let denials = evidence
        .events()
        .iter()
        .filter(|event| event.kind() == AuditEventType::PolicyDeny)
        .count();
    if refused.is_ok() || denials != 1 {
        return Err(format!("{denials} denials on record").into());
    }
    Ok(())
}
