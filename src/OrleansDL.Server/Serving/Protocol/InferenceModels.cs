using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace OrleansDL.Serving.Protocol;

/// <summary>Finds the deployment that a request of the protocol names, for those who may ask for it. REST and gRPC both ask here.</summary>
internal sealed class InferenceModels(RouteTable routes, InferenceAccess access, IOptions<ServingOptions> options)
{
    /// <summary>The deployment of that name; null when there is none.</summary>
    public async ValueTask<RouteEntry?> TryFindAsync(HttpContext context, string model)
    {
        var project = await access.ProjectOfAsync(context);
        var entry = routes.Find(project, model);
        await access.CheckAsync(context, project, entry?.Route);
        return entry;
    }

    /// <param name="context">Says who asks, and in which project.</param>
    /// <param name="model">The deployment's name.</param>
    /// <param name="version">Version of the model it must serve now; null or empty for whichever it serves.</param>
    public async ValueTask<RouteEntry> FindAsync(HttpContext context, string model, string? version)
    {
        var entry = await TryFindAsync(context, model);
        if (entry is null)
        {
            throw new InferenceProtocolException(options.Value.UnknownModelStatus, $"Request for unknown model: '{model}' is not found");
        }

        if (!string.IsNullOrEmpty(version)
            && (!long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number != entry.Route.ModelVersion || entry.Route.Generation is null))
        {
            throw new InferenceProtocolException(404, $"Request for unknown model: '{model}' version {version} is not found");
        }

        return entry;
    }

    /// <summary>The deployments of the project asked for, by name.</summary>
    public async ValueTask<IReadOnlyList<Route>> ListAsync(HttpContext context)
    {
        var project = await access.ProjectOfAsync(context);
        await access.CheckAsync(context, project, null);
        return routes.List(project);
    }

    /// <exception cref="InferenceProtocolException">No version is loaded.</exception>
    public static ModelSignature SignatureOf(Route route) => route.Signature
        ?? throw new InferenceProtocolException(503, $"Request for unknown model: '{route.Name}' has no available versions{(route.Reason is null ? "" : ": " + route.Reason)}");
}
