//! A private Redis: in memory only, behind a password, spoken to in its own protocol.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use crate::{
    error::Error,
    packages::Need,
    server::{Kind, Place, random_word},
    signal::Signal,
};

pub(crate) const NEED: Need = Need {
    server: "Redis",
    programs: &["redis-server"],
    versioned: None,
    packages: &["redis-server"],
};

/// The password stands in a file: on the command line everybody could read it.
#[derive(Debug)]
pub(crate) struct Redis {
    server: PathBuf,
    password: String,
}

impl Redis {
    pub(crate) fn find() -> Result<Self, Error> {
        Ok(Self {
            server: NEED.require("redis-server")?,
            password: random_word(),
        })
    }
}

impl Kind for Redis {
    const NAME: &'static str = "Redis";
    const STOP: Signal = Signal::Term;

    fn prepare(&self, _: &Place<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn command(&self, place: &Place<'_>, port: u16) -> Result<Command, Error> {
        let file = place.folder.join("redis.conf");
        let settings = format!(
            "bind 127.0.0.1\nport {port}\nprotected-mode yes\ndaemonize no\nsave \"\"\n\
             appendonly no\nrequirepass {}\ndir \"{}\"\n",
            self.password,
            place.folder.display()
        );
        place.account.write(&file, &settings)?;
        let mut command = place.account.command(&self.server, Self::STOP);
        command.arg(file);
        Ok(command)
    }

    fn answers(&self, _: &Place<'_>, port: u16) -> Result<bool, Error> {
        let request = format!("AUTH {}\r\nPING\r\n", self.password);
        Ok(exchange(port, &request).is_ok_and(|reply| reply == *b"+OK\r\n+PONG\r\n"))
    }

    fn url(&self, port: u16) -> String {
        format!("redis://:{}@127.0.0.1:{port}/0", self.password)
    }
}

fn exchange(port: u16, request: &str) -> std::io::Result<[u8; 12]> {
    let limit = Duration::from_secs(5);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.write_all(request.as_bytes())?;
    let mut reply = [0; 12];
    stream.read_exact(&mut reply)?;
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    #[test]
    fn a_listener_that_is_not_redis_is_not_taken_for_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let other = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"-NOAUTH what\r\n-NO\r\n").unwrap();
        });
        let reply = exchange(port, "PING\r\n").unwrap();
        assert_ne!(reply, *b"+OK\r\n+PONG\r\n");
        other.join().unwrap();
    }
}
