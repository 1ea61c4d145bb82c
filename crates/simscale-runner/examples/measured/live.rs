//! A live system on loopback: single-worker servers that sleep for what they are asked, a proxy before them, an open-loop generator.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A request for the system: when it is sent, after the start, and how long a server shall sleep for it.
#[derive(Clone, Copy)]
pub struct Asked {
    pub at: Duration,
    pub service: Duration,
}

/// What became of one that was answered.
#[derive(Clone, Copy)]
pub struct Answered {
    /// From the start to the moment it was sent.
    pub sent: Duration,
    /// How much later than asked that was.
    pub late: Duration,
    /// From the moment it was sent to the end of the answer.
    pub response: Duration,
}

/// Servers with one worker each, which takes one connection after the other: those that wait do so in the listen backlog, first come first served.
pub struct Servers {
    pub addresses: Vec<SocketAddr>,
    stop: Arc<AtomicBool>,
    workers: Vec<JoinHandle<Vec<Served>>>,
}

/// What a server recorded of a request.
#[derive(Clone, Copy)]
pub struct Served {
    pub asked: Duration,
    /// From the accepted connection to the closed one.
    pub busy: Duration,
}

impl Servers {
    pub fn start(count: usize) -> std::io::Result<Servers> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut servers = Servers { addresses: Vec::new(), stop: Arc::clone(&stop), workers: Vec::new() };
        for _ in 0..count {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            servers.addresses.push(listener.local_addr()?);
            let stop = Arc::clone(&stop);
            servers.workers.push(thread::spawn(move || work(&listener, &stop)));
        }
        Ok(servers)
    }

    /// Ends them, and hands over what each recorded.
    pub fn finish(self) -> Vec<Vec<Served>> {
        self.stop.store(true, Ordering::Relaxed);
        for address in &self.addresses {
            // A connection without a request wakes the worker.
            let _ = TcpStream::connect(address);
        }
        self.workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    }
}

fn work(listener: &TcpListener, stop: &AtomicBool) -> Vec<Served> {
    let mut log = Vec::new();
    for stream in listener.incoming() {
        let accepted = Instant::now();
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let Some(asked) = stream.ok().and_then(|stream| serve(stream).ok()) else { continue };
        log.push(Served { asked, busy: accepted.elapsed() });
    }
    log
}

/// Answers one request after sleeping for the nanoseconds that its path names.
fn serve(mut stream: TcpStream) -> std::io::Result<Duration> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut head = [0; 2048];
    let mut length = 0;
    while !head[..length].windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut head[length..])? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => length += read,
        }
    }
    let path = head[..length].split(|&byte| byte == b' ').nth(1).unwrap_or_default();
    let nanos = std::str::from_utf8(path).ok().and_then(|path| path.trim_start_matches('/').parse().ok());
    let asked = Duration::from_nanos(nanos.ok_or(std::io::ErrorKind::InvalidData)?);
    thread::sleep(asked);
    stream.write_all(b"HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nok\n")?;
    Ok(asked)
}

/// How the proxy chooses.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Balance {
    RoundRobin,
    Least,
}

/// Which proxy.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    Nginx,
    HaProxy,
}

impl Kind {
    pub fn program(self) -> &'static str {
        match self {
            Kind::Nginx => "nginx",
            Kind::HaProxy => "haproxy",
        }
    }

    /// Its name and version, if it is installed.
    pub fn version(self) -> Option<String> {
        let output = Command::new(self.program()).arg("-v").output().ok()?;
        let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        let line = String::from_utf8_lossy(&text).lines().next()?.to_owned();
        let version = line.split([' ', '/']).find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        Some(format!("{} {version}", self.program()))
    }

    fn configuration(self, folder: &Path, port: u16, balance: Balance, servers: &[SocketAddr]) -> String {
        let place = folder.display();
        match self {
            Kind::Nginx => {
                let least = if balance == Balance::Least { "least_conn;" } else { "" };
                let servers: String =
                    servers.iter().map(|address| format!("server {address} max_fails=0; ")).collect();
                // One process, as one balancer: each worker process of nginx would go round by itself.
                format!(
                    "daemon off; master_process off; pid {place}/pid; error_log stderr error;\nevents {{ worker_connections 8192; }}\n\
                     http {{ access_log off; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;\n\
                     uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;\n\
                     upstream servers {{ {least} {servers} }}\n\
                     server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://servers; proxy_next_upstream off; }} }} }}\n"
                )
            }
            Kind::HaProxy => {
                let balance = if balance == Balance::Least { "leastconn" } else { "roundrobin" };
                let servers: String = servers
                    .iter()
                    .enumerate()
                    .map(|(i, address)| format!("  server s{i} {address}\n"))
                    .collect();
                format!(
                    "global\n  nbthread 1\n  maxconn 8192\ndefaults\n  mode http\n  option http-server-close\n  timeout connect 30s\n  timeout client 60s\n  timeout server 60s\n\
                     listen proxy\n  bind 127.0.0.1:{port}\n  balance {balance}\n{servers}"
                )
            }
        }
    }
}

/// A running proxy, which ends with its owner.
pub struct Proxy {
    child: Child,
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Proxy {
    pub fn start(kind: Kind, balance: Balance, servers: &[SocketAddr]) -> Result<Proxy, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", kind.program());
        let folder = tempfile::tempdir().map_err(failed)?;
        // A port that was free a moment ago.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let address = free.map_err(failed)?;
        let file = folder.path().join("configuration");
        let text = kind.configuration(folder.path(), address.port(), balance, servers);
        std::fs::write(&file, text).map_err(failed)?;
        let mut command = Command::new(kind.program());
        match kind {
            Kind::Nginx => command.arg("-p").arg(folder.path()).arg("-c").arg(&file),
            Kind::HaProxy => command.arg("-db").arg("-f").arg(&file),
        };
        let child = command.stdout(Stdio::null()).spawn().map_err(failed)?;
        let mut proxy = Proxy { child, address, _folder: folder };
        for _ in 0..100 {
            if TcpStream::connect(address).is_ok() {
                return Ok(proxy);
            }
            if let Ok(Some(status)) = proxy.child.try_wait() {
                return Err(format!("{} ended at once: {status}", kind.program()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("{} does not listen at {address}", kind.program()))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends each request at its time whatever became of those before it, up to `most` at once; hands over what was answered, and how many were not.
pub fn send(target: SocketAddr, all: &[Asked], most: usize) -> (Vec<Answered>, usize) {
    let next = AtomicUsize::new(0);
    let answered = Mutex::new(Vec::with_capacity(all.len()));
    // All senders are there before the first request is due.
    let start = Instant::now() + Duration::from_millis(200);
    thread::scope(|scope| {
        for _ in 0..most.min(all.len()) {
            let sender = || {
                let mut own = Vec::new();
                while let Some(asked) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    thread::sleep((start + asked.at).saturating_duration_since(Instant::now()));
                    let sent = Instant::now();
                    if exchange(target, asked.service).is_ok() {
                        let (response, sent) = (sent.elapsed(), sent.saturating_duration_since(start));
                        own.push(Answered { sent, late: sent.saturating_sub(asked.at), response });
                    }
                }
                answered.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(own);
            };
            let builder = thread::Builder::new().stack_size(128 << 10);
            builder.spawn_scoped(scope, sender).expect("a thread for each request in flight");
        }
    });
    let answered = answered.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let lost = all.len() - answered.len();
    (answered, lost)
}

fn exchange(target: SocketAddr, service: Duration) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(target)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let request =
        format!("GET /{} HTTP/1.1\r\nHost: loopback\r\nConnection: close\r\n\r\n", service.as_nanos());
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let good = answer.starts_with(b"HTTP/1.1 200") || answer.starts_with(b"HTTP/1.0 200");
    if good { Ok(()) } else { Err(std::io::ErrorKind::InvalidData.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One server behind nothing: each request is served for at least what it asks, one after the other, and recorded.
    #[test]
    fn a_server_serves_one_at_a_time() {
        let servers = Servers::start(1).unwrap();
        let asked = Asked { at: Duration::ZERO, service: Duration::from_millis(20) };
        let (answered, lost) = send(servers.addresses[0], &[asked; 5], 5);
        assert_eq!((answered.len(), lost), (5, 0));
        let last = answered.iter().map(|one| one.response).max().unwrap();
        assert!(last >= Duration::from_millis(100), "five at 20 ms ended after {last:?}");
        let log = servers.finish().remove(0);
        assert!(log.len() == 5 && log.iter().all(|one| one.busy >= one.asked), "{}", log.len());
    }

    /// Round robin gives every server the same share; skipped where a proxy is not installed.
    #[test]
    fn proxies_go_round() {
        for kind in [Kind::Nginx, Kind::HaProxy] {
            if kind.version().is_none() {
                eprintln!("skipped: {} is not installed", kind.program());
                continue;
            }
            let servers = Servers::start(4).unwrap();
            let proxy = Proxy::start(kind, Balance::RoundRobin, &servers.addresses).unwrap();
            let asked =
                |i: u64| Asked { at: Duration::from_millis(10 * i), service: Duration::from_millis(1) };
            let all: Vec<Asked> = (0..40).map(asked).collect();
            let (answered, lost) = send(proxy.address, &all, 40);
            assert_eq!((answered.len(), lost), (40, 0), "{kind:?}");
            drop(proxy);
            let counts: Vec<usize> = servers.finish().iter().map(Vec::len).collect();
            assert_eq!(counts, [10; 4], "{kind:?}");
        }
    }
}
