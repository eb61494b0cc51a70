//! Ports of this machine alone.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::error::StackError;

/// Listens on localhost in both of its families, since clients try `::1` first.
pub(crate) async fn listen(port: u16) -> Result<(Vec<TcpListener>, SocketAddr), StackError> {
    let (listener, address) = bind(LOCALHOST, port).await?;
    let mut listeners = vec![listener];
    match bind(Ipv6Addr::LOCALHOST.into(), address.port()).await {
        Ok((second, _)) => listeners.push(second),
        // Another server there would answer half of the clients.
        Err(taken @ StackError::PortTaken(_)) if port != 0 => return Err(taken),
        // A machine without IPv6 does without.
        Err(_) => {}
    }
    Ok((listeners, address))
}

/// Listens on one address; port 0 is any.
pub(crate) async fn bind(host: IpAddr, port: u16) -> Result<(TcpListener, SocketAddr), StackError> {
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::AddrInUse {
            return StackError::PortTaken(port);
        }
        StackError::Listen { port, source }
    };
    let listener = TcpListener::bind((host, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Nothing of a stack is reachable from other machines: it has no TLS, and its
/// tables no password.
pub(crate) const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
