//! The data of the invoicing product: three tenants with mirrored rows, and a canary in each text.
//!
//! The two schemas differ in one thing only: the shielded one leads every key with the tenant, the
//! naive one has the plain keys that a product grows up with.

use sqlx::{AssertSqlSafe, SqliteConnection};

/// The tenants that are seeded, each with its offset for row ids.
pub(crate) const TENANTS: [(&str, i64); 3] = [("acme", 100), ("globex", 200), ("initech", 300)];

/// The attacker's tenant in the tour.
pub(crate) const OWN: &str = "acme";

/// The text that stands in a row of `owner`, a tenant or the platform, and nowhere else.
pub(crate) fn canary(owner: &str) -> String {
    format!("canary-{owner}")
}

const SHARED_TABLES: &str = "
CREATE TABLE plans (id TEXT PRIMARY KEY, name TEXT NOT NULL, cents INTEGER NOT NULL);
CREATE TABLE platform_settings (name TEXT PRIMARY KEY,
  value TEXT NOT NULL DEFAULT 'canary-platform-default');
CREATE TABLE customers_2019 (tenant_id TEXT NOT NULL, id INTEGER, name TEXT, note TEXT);
INSERT INTO plans VALUES ('basic', 'Basic', 10000), ('pro', 'Professional', 30000);
INSERT INTO platform_settings VALUES ('webhook_secret', 'canary-platform');
";

const NAIVE_TABLES: &str = "
CREATE TABLE customers (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE, note TEXT NOT NULL);
CREATE TABLE invoices (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL,
  customer_id INTEGER NOT NULL REFERENCES customers (id), number TEXT NOT NULL,
  total_cents INTEGER NOT NULL, status TEXT NOT NULL, memo TEXT NOT NULL);
CREATE TABLE invoice_lines (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL,
  invoice_id INTEGER NOT NULL REFERENCES invoices (id), text TEXT NOT NULL, cents INTEGER NOT NULL,
  CONSTRAINT 'canary-platform: manual review above 10000' CHECK (cents <= 1000000));
CREATE TABLE payments (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL,
  invoice_number TEXT NOT NULL, reference TEXT NOT NULL, cents INTEGER NOT NULL);
CREATE TABLE archive (tenant_id TEXT NOT NULL, number TEXT NOT NULL, memo TEXT NOT NULL);
";

const SHIELDED_TABLES: &str = "
CREATE TABLE customers (id INTEGER NOT NULL, tenant_id TEXT NOT NULL, name TEXT NOT NULL,
  email TEXT NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, email));
CREATE TABLE invoices (id INTEGER NOT NULL, tenant_id TEXT NOT NULL,
  customer_id INTEGER NOT NULL, number TEXT NOT NULL,
  total_cents INTEGER NOT NULL, status TEXT NOT NULL, memo TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id));
CREATE TABLE invoice_lines (id INTEGER NOT NULL, tenant_id TEXT NOT NULL,
  invoice_id INTEGER NOT NULL, text TEXT NOT NULL, cents INTEGER NOT NULL,
  CONSTRAINT 'canary-platform: manual review above 10000' CHECK (cents <= 1000000),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id));
CREATE TABLE payments (id INTEGER NOT NULL, tenant_id TEXT NOT NULL,
  invoice_number TEXT NOT NULL, reference TEXT NOT NULL, cents INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id));
CREATE TABLE archive (tenant_id TEXT NOT NULL, number TEXT NOT NULL, memo TEXT NOT NULL);
";

/// The catalogue of the shielded product, in the file form.
pub(crate) const CATALOG: &str = r#"
tenant_column = "tenant_id"
tenant_type = "text"
[tables.customers]
kind = "tenant"
columns = ["id", "tenant_id", "name", "email", "note"]
unique = [["tenant_id", "id"], ["tenant_id", "email"]]
[tables.invoices]
kind = "tenant"
columns = ["id", "tenant_id", "customer_id", "number", "total_cents", "status", "memo"]
unique = [["tenant_id", "id"]]
[tables.invoice_lines]
kind = "tenant"
columns = ["id", "tenant_id", "invoice_id", "text", "cents"]
unique = [["tenant_id", "id"]]
[tables.payments]
kind = "tenant"
columns = ["id", "tenant_id", "invoice_number", "reference", "cents"]
unique = [["tenant_id", "id"]]
[tables.archive]
kind = "tenant"
columns = ["tenant_id", "number", "memo"]
unique = []
[tables.plans]
kind = "shared"
columns = ["id", "name", "cents"]
unique = [["id"]]
[tables.platform_settings]
kind = "platform"
"#;

/// Creates the tables; `composite` leads every key with the tenant.
pub(crate) async fn create(admin: &mut SqliteConnection, composite: bool) -> sqlx::Result<()> {
    let tables = if composite {
        SHIELDED_TABLES
    } else {
        NAIVE_TABLES
    };
    sqlx::raw_sql(tables).execute(&mut *admin).await?;
    sqlx::raw_sql(SHARED_TABLES).execute(&mut *admin).await?;
    Ok(())
}

/// The tables that hold rows of tenants, children first.
const TABLES: [&str; 6] = [
    "archive",
    "payments",
    "invoice_lines",
    "invoices",
    "customers",
    "customers_2019",
];

/// Puts every table of the tenants back to its first state.
pub(crate) async fn reset(admin: &mut SqliteConnection) -> sqlx::Result<()> {
    let emptied = TABLES.map(|table| format!("DELETE FROM {table};")).concat();
    let filled = TENANTS.map(|(tenant, base)| rows_of(tenant, base)).concat();
    let script = format!("BEGIN IMMEDIATE; {emptied} {filled} COMMIT;");
    sqlx::raw_sql(AssertSqlSafe(script)).execute(admin).await?;
    Ok(())
}

fn rows_of(tenant: &str, base: i64) -> String {
    let canary = canary(tenant);
    let scale = if tenant == OWN { 1 } else { base * 7 };
    let customers = (1..).zip(["ceo", "billing", "it"]).map(|(n, role)| {
        format!(
            "INSERT INTO customers (id, tenant_id, name, email, note) VALUES \
             ({id}, '{tenant}', 'Customer {n}', '{role}@{tenant}.example', '{canary}-note-{n}');\
             INSERT INTO customers_2019 VALUES ('{tenant}', {id}, 'Customer {n}', '{canary}-2019');",
            id = base + n,
        )
    });
    let invoices = (1..).zip(["open", "open", "overdue", "paid"]).map(|(n, status)| {
        format!(
            "INSERT INTO invoices (id, tenant_id, customer_id, number, total_cents, status, memo) \
             VALUES ({id}, '{tenant}', {payer}, 'INV-{n}', {cents}, '{status}', '{canary}-memo-{n}');\
             INSERT INTO invoice_lines (id, tenant_id, invoice_id, text, cents) \
             VALUES ({line}, '{tenant}', {id}, '{canary}-line-{n}', {n});\
             INSERT INTO payments (id, tenant_id, invoice_number, reference, cents) \
             VALUES ({payment}, '{tenant}', 'INV-{n}', '{canary}-payment-{n}', {cents});",
            id = base + 10 + n,
            payer = base + 1 + n % 3,
            cents = n * 10_000 * scale,
            line = base + 20 + n,
            payment = base + 30 + n,
        )
    });
    customers.chain(invoices).collect()
}

/// What begins the text of a row whose parent is not of its own tenant.
pub(crate) const TIED: &str = "tied:";

/// A text of every row that does not belong to `own`, to see whether an attack changed one.
pub(crate) async fn others(admin: &mut SqliteConnection, own: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar::<_, String>(
        "SELECT 'customers:' || json_array(id, tenant_id, name, email, note) FROM customers \
           WHERE tenant_id <> ?1 \
         UNION ALL SELECT 'invoices:' || json_array(id, tenant_id, customer_id, number, \
           total_cents, status, memo) FROM invoices WHERE tenant_id <> ?1 \
         UNION ALL SELECT 'lines:' || json_array(id, tenant_id, invoice_id, text, cents) \
           FROM invoice_lines WHERE tenant_id <> ?1 \
         UNION ALL SELECT 'payments:' || json_array(id, tenant_id, invoice_number, reference, \
           cents) FROM payments WHERE tenant_id <> ?1 \
         UNION ALL SELECT 'archive:' || json_array(tenant_id, number, memo) FROM archive \
           WHERE tenant_id <> ?1 \
         UNION ALL SELECT 'tied: line ' || l.id FROM invoice_lines l WHERE l.tenant_id = ?1 \
           AND NOT EXISTS (SELECT 1 FROM invoices i \
             WHERE i.id = l.invoice_id AND i.tenant_id = l.tenant_id) \
         UNION ALL SELECT 'tied: invoice ' || i.id FROM invoices i WHERE i.tenant_id = ?1 \
           AND NOT EXISTS (SELECT 1 FROM customers c \
             WHERE c.id = i.customer_id AND c.tenant_id = i.tenant_id) \
         ORDER BY 1",
    )
    .bind(own)
    .fetch_all(admin)
    .await
}

/// Writes the file that the victim once exported for itself.
pub(crate) async fn export(file: &mut SqliteConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(
        "CREATE TABLE IF NOT EXISTS customers (id INTEGER, name TEXT, email TEXT, note TEXT);\
         DELETE FROM customers;\
         INSERT INTO customers VALUES (201, 'Customer 1', 'ceo@globex.example', 'canary-globex');",
    )
    .execute(file)
    .await?;
    Ok(())
}
