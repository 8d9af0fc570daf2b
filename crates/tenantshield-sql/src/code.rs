//! Every code a refusal can carry, what it means and how to mend it.
//!
//! *Why:* codes are a contract with alerts, dashboards and tests. They live in one table, so that
//! none is used twice and the documentation can list them all.

/// One refusal code: its stable text and the mend.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Code {
    text: &'static str,
    hint: &'static str,
}

impl Code {
    /// The stable text, such as `TS-SQL-PARSE`.
    pub const fn as_str(self) -> &'static str {
        self.text
    }

    /// What to do about it, in one sentence.
    pub const fn hint(self) -> &'static str {
        self.hint
    }
}

macro_rules! codes {
    ($list:ident: $($(#[$doc:meta])* $name:ident = $text:literal, $hint:literal;)+) => {
        $($(#[$doc])* pub const $name: Code = Code { text: $text, hint: $hint };)+
        /// The codes of this group.
        pub const $list: &[Code] = &[$($name),+];
    };
}

codes! { ENVELOPE:
    /// Two string literals stand side by side.
    ENV_ADJACENT = "TS-SQL-ENV-ADJACENT", "join the two literals into one, databases disagree about them";
    /// A character that may not stand outside quotes.
    ENV_CHARACTER = "TS-SQL-ENV-CHARACTER", "quote names with letters outside ascii and remove control characters";
    /// A comment that databases end at different places.
    ENV_COMMENT = "TS-SQL-ENV-COMMENT", "remove the nested comment or the lone carriage return";
    /// Parentheses or operators are nested too deeply.
    ENV_DEPTH = "TS-SQL-ENV-DEPTH", "split the statement, or use a list or a values clause in place of the chain";
    /// No statement at all.
    ENV_EMPTY = "TS-SQL-ENV-EMPTY", "send one statement";
    /// `interval(n) '…'`, whose precision the parser drops.
    ENV_INTERVAL = "TS-SQL-ENV-INTERVAL", "write the precision as a cast: cast('…' as interval(n))";
    /// More than one statement.
    ENV_MULTIPLE = "TS-SQL-ENV-MULTIPLE", "send each statement by itself";
    /// A NUL byte.
    ENV_NUL = "TS-SQL-ENV-NUL", "remove the nul byte";
    /// A number that runs into letters.
    ENV_NUMBER = "TS-SQL-ENV-NUMBER", "write the number in decimal digits and separate it from what follows";
    /// The text is too long.
    ENV_SIZE = "TS-SQL-ENV-SIZE", "bind long values in place of writing them out, or raise the limit in the guard's options";
    /// `U&"…"` or `U&'…'`.
    ENV_UNICODE = "TS-SQL-ENV-UNICODE", "write the characters themselves in place of the unicode escape";
    /// A string, name or comment without an end.
    ENV_UNTERMINATED = "TS-SQL-ENV-UNTERMINATED", "close the quote or the comment";
}

codes! { DEFERRED:
    /// `MERGE`.
    MERGE = "TS-SQL-MERGE", "use insert … on conflict, or an update followed by an insert";
    /// `INSERT … SET`, `REPLACE INTO` and other forms of one database.
    INSERT_FORM = "TS-SQL-INSERT-FORM", "use insert … values or insert … select with a column list";
    /// `UPDATE` or `DELETE` with `ORDER BY` or `LIMIT`.
    ORDERED_WRITE = "TS-SQL-ORDERED-WRITE", "select the keys in a subquery: where id in (select id … limit n)";
    /// The `TABLE name` shorthand.
    TABLE_SHORTHAND = "TS-SQL-TABLE", "write select * from the table";
    /// A join form of another database.
    JOIN_FORM = "TS-SQL-JOIN", "use inner, left, right, full, cross or natural joins";
    /// A table factor of another database.
    TABLE_FORM = "TS-SQL-FROM", "use tables, subqueries and allow-listed table functions in from";
    /// A clause of the select statement that is not handled.
    CLAUSE = "TS-SQL-CLAUSE", "leave the clause out";
    /// An expression form that is not handled.
    EXPRESSION = "TS-SQL-EXPRESSION", "rewrite the expression with standard operators and functions";
    /// A lock on a relation that must be wrapped.
    LOCK = "TS-SQL-LOCK", "lock in a statement without full joins and column aliases";
}

codes! { RULES:
    /// A table, a column list or an alias appears twice in one from clause.
    ALIAS = "TS-SQL-ALIAS", "give each table of the from clause an alias of its own";
    /// A collation that is not on the allow-list.
    COLLATION = "TS-SQL-COLLATION", "use a built-in collation";
    /// A column that the catalogue does not list.
    COLUMN = "TS-SQL-COLUMN", "add the column to the table in the catalogue, or correct its name";
    /// The catalogue lists no columns where they are needed.
    COLUMNS = "TS-SQL-COLUMNS", "write a column list, or list the table's columns in the catalogue";
    /// A CTE whose name hides a table where databases disagree.
    CTE = "TS-SQL-CTE", "give the common table expression a name that no table bears";
    /// A dialect that this build does not guard.
    DIALECT = "TS-SQL-DIALECT", "use postgres or sqlite";
    /// A policy's filter cannot be kept by this statement.
    FILTER = "TS-SQL-FILTER", "leave the filtered column to the policy";
    /// A function that is not on the allow-list.
    FUNCTION = "TS-SQL-FUNCTION", "use another function, or allow it in the catalogue under [functions] if it is pure";
    /// The rewritten text does not mean what was meant.
    INTERNAL = "TS-SQL-INTERNAL", "report the statement, the guard could not prove its own rewriting";
    /// An operator that is not on the allow-list.
    OPERATOR = "TS-SQL-OPERATOR", "use a built-in operator without a schema";
    /// The text does not parse.
    PARSE = "TS-SQL-PARSE", "correct the statement, or rewrite it in the forms the guard's documentation lists";
    /// A placeholder of another dialect.
    PLACEHOLDER = "TS-SQL-PLACEHOLDER", "use $1, $2 … with postgres and ?, ?1 or :name with sqlite";
    /// A platform table.
    PLATFORM = "TS-SQL-PLATFORM", "platform tables are reached outside tenant scope only";
    /// A write to a shared table.
    READ_ONLY = "TS-SQL-READ-ONLY", "write shared tables outside tenant scope, or mark the table writable in the catalogue";
    /// A relation that the catalogue does not list.
    RELATION = "TS-SQL-RELATION", "declare the table in the catalogue as tenant, shared or platform";
    /// `REPLACE` on a table with a unique key that lacks the tenant.
    REPLACE = "TS-SQL-REPLACE", "use on conflict … do update, or put the tenant column into every unique key";
    /// A schema that the catalogue does not list.
    SCHEMA = "TS-SQL-SCHEMA", "list the schema in the catalogue, or drop the qualifier";
    /// Session state.
    SESSION = "TS-SQL-SESSION", "session state is not for tenants' statements";
    /// A kind of statement that tenants may not send.
    STATEMENT = "TS-SQL-STATEMENT", "send select, insert, update or delete";
    /// The tenant column is assigned another or a computed value.
    TENANT_ASSIGNMENT = "TS-SQL-TENANT-SET", "leave the tenant column out of the assignment";
    /// A tenant value in an insert that is computed or `DEFAULT`.
    TENANT_COMPUTED = "TS-SQL-TENANT-COMPUTED", "leave the tenant column out of the insert, it is filled in";
    /// A tenant value in an insert that is another tenant's.
    TENANT_FOREIGN = "TS-SQL-TENANT-FOREIGN", "leave the tenant column out of the insert, it is filled in";
    /// The tenant's id does not fit the type of the tenant column.
    TENANT_TYPE = "TS-SQL-TENANT-TYPE", "give the tenant an id of the catalogue's tenant_type";
    /// Transaction control.
    TRANSACTION = "TS-SQL-TXN", "use the adapter's begin, commit and rollback";
    /// A type that is not on the allow-list.
    TYPE = "TS-SQL-TYPE", "cast to a built-in type, or allow the type's name in the catalogue under [functions]";
    /// The number of values does not fit the column list.
    VALUES = "TS-SQL-VALUES", "give one value for each column";
}

/// Whether `code` belongs to a form that a later version will handle.
pub fn is_deferred(code: &str) -> bool {
    DEFERRED.iter().any(|known| known.text == code)
}

/// Whether `code` belongs to the lexer envelope.
pub fn is_envelope(code: &str) -> bool {
    ENVELOPE.iter().any(|known| known.text == code)
}
