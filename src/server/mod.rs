//! (being written)
pub struct ServeOptions { pub web: Option<std::path::PathBuf>, pub allow_remote: bool }
pub async fn serve(_s: crate::store::Store, _a: std::net::SocketAddr, _o: ServeOptions) -> Result<(), std::io::Error> { Ok(()) }
