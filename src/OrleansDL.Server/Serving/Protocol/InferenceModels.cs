using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Ensembles;

namespace OrleansDL.Serving.Protocol;

/// <summary>Finds the deployment that a request of the protocol names, for those who may ask for it. REST and gRPC both ask here.</summary>
internal sealed class InferenceModels(RouteTable routes, InferenceAccess access, IOptions<ServingOptions> options)
{
    /// <summary>Why a deployment does not answer that was told not to: it has no version, rather than one that is not ready.</summary>
    public const string UnloadedReason = "unloaded";

    /// <summary>The deployment of that name; null when there is none.</summary>
    public async ValueTask<RouteEntry?> TryFindAsync(HttpContext context, string model)
    {
        var project = await access.ProjectOfAsync(context);
        var entry = routes.Find(project, model);
        if (await access.CheckAsync(context, project, entry?.Route) is { RateLimit: not null } limited)
        {
            // For the limits, which are asked next. What every request sets here, every request pays for.
            context.Features.Set(limited);
        }

        return entry;
    }

    /// <param name="context">Says who asks, and in which project.</param>
    /// <param name="model">The deployment's name.</param>
    /// <param name="version">Version of the model asked for; null or empty for the one that the deployment chooses.</param>
    public async ValueTask<RouteEntry> FindAsync(HttpContext context, string model, string? version)
    {
        var entry = await TryFindAsync(context, model);
        if (entry is null)
        {
            throw new InferenceProtocolException(options.Value.UnknownModelStatus, $"Request for unknown model: '{model}' is not found");
        }

        if (string.IsNullOrEmpty(version))
        {
            return entry;
        }

        return (long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? entry.Version(number) : null)
            ?? throw new InferenceProtocolException(404, entry.Gone.Contains(number)
                ? $"Request for unknown model: '{model}' version {version} is not at ready state: version {version} is not found any more"
                : $"Request for unknown model: '{model}' version {version} is not found");
    }

    /// <summary>Whether requests for it are answered now; those for an ensemble need its steps.</summary>
    public bool IsReady(Route route) => route.Generation is not null && (route.Ensemble is null || EnsembleReadiness.Missing(routes, route) is null);

    /// <summary>Which step keeps an ensemble from answering; null when none does.</summary>
    public string? MissingStep(Route route) => route is { Generation: not null, Ensemble: not null } ? EnsembleReadiness.Missing(routes, route) : null;

    /// <summary>The deployments of the project asked for, by name.</summary>
    public async ValueTask<IReadOnlyList<RouteEntry>> ListAsync(HttpContext context)
    {
        var project = await access.ProjectOfAsync(context);
        await access.CheckAsync(context, project, null);
        return routes.List(project);
    }

    /// <exception cref="InferenceProtocolException">The version is not loaded, or none is.</exception>
    public static ModelSignature SignatureOf(RouteEntry entry) => entry is { Route.Generation: not null, Signature: { } signature }
        ? signature
        : throw new InferenceProtocolException(
            entry.Asked is null && entry.Route.Reason is UnloadedReason ? 404 : 503,
            entry.Asked is { } version
                ? $"Request for unknown model: '{entry.Route.Name}' version {version} is not at ready state{Because(entry.Route)}"
                : $"Request for unknown model: '{entry.Route.Name}' has no available versions{Because(entry.Route)}");

    private static string Because(Route route) => route.Reason is null ? "" : ": " + route.Reason;
}
