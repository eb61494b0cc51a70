//! Ports that only this machine can reach.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::error::StackError;

/// Other machines must not reach a stack: it has no TLS, and its tables have no
/// password.
pub(crate) const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Listens on localhost, in IPv4 and in IPv6, since clients try `::1` first.
pub(crate) async fn listen(port: u16) -> Result<(Vec<TcpListener>, SocketAddr), StackError> {
    let (listener, address) = bind(LOCALHOST, port).await?;
    let mut listeners = vec![listener];
    match bind(Ipv6Addr::LOCALHOST.into(), address.port()).await {
        Ok((second, _)) => listeners.push(second),
        // Another server there would get half of the clients.
        Err(taken @ StackError::PortTaken(_)) if port != 0 => return Err(taken),
        // Some machines have no IPv6.
        Err(_) => {}
    }
    Ok((listeners, address))
}

/// Listens on one address; port 0 is any free one.
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
