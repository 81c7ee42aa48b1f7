using OrleansDL.Identity;

namespace OrleansDL.Http;

/// <summary>Endpoint metadata: the least role a caller needs.</summary>
internal sealed record RequiredRole(Role Role);
