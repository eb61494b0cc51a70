//! Addresses as headers write them. A zone (`fe80::1%eth0`) only means something on one
//! machine, so it is refused.

use std::net::{IpAddr, Ipv6Addr};

/// Reads one address. An IPv4 address written as IPv6 is the same client.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_ascii();
    let address: IpAddr = text.parse().ok()?;
    Some(address.to_canonical())
}

/// Reads `192.0.2.1`, `2001:db8::1`, `192.0.2.1:443`, `[2001:db8::1]:443` or
/// `[2001:db8::1]`. Without brackets, several colons are an IPv6 address.
pub(super) fn address_or_socket(text: &str) -> Option<IpAddr> {
    let text = text.trim_ascii();
    if let Some(bracketed) = text.strip_prefix('[') {
        let (host, rest) = bracketed.split_once(']')?;
        let is_ended = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        return is_ended.then(|| v6(host)).flatten();
    }
    match text.split_once(':') {
        Some((host, port)) if is_port(port) => {
            let host: std::net::Ipv4Addr = host.parse().ok()?;
            Some(host.into())
        }
        _ => address(text),
    }
}

/// Reads an address, a colon and a port, as `CloudFront` writes them: it puts no brackets
/// around IPv6, so what follows the last colon is always the port.
pub(super) fn address_and_port(text: &str) -> Option<IpAddr> {
    let (host, port) = text.trim_ascii().rsplit_once(':')?;
    if !is_port(port) {
        return None;
    }
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match bracketed {
        Some(host) => v6(host),
        None => host.parse().ok().map(|host: IpAddr| host.to_canonical()),
    }
}

fn v6(text: &str) -> Option<IpAddr> {
    let address: Ipv6Addr = text.parse().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

/// `u16` would accept a sign.
fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}
