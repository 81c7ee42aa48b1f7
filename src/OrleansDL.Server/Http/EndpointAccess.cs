using Microsoft.AspNetCore.Builder;
using OrleansDL.Identity;

namespace OrleansDL.Http;

/// <summary>How endpoints say who may call them.</summary>
internal static class EndpointAccess
{
    public static TBuilder RequireRole<TBuilder>(this TBuilder builder, Role role) where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new RequiredRole(role));

    /// <summary>No token is needed, or the handler checks access itself: what stands between routing and endpoint (<see cref="AccessGate"/>, pages for statuses) is left out.</summary>
    public static TBuilder OpenToAll<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder
    {
        builder.ShortCircuit();
        return builder;
    }
}
