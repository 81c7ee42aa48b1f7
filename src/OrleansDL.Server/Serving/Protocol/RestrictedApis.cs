using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace OrleansDL.Serving.Protocol;

/// <summary>Parts of the inference protocol that only those may use who send a header. Empty unless an operator says otherwise.</summary>
internal sealed class RestrictedApis
{
    public const string Health = "health";
    public const string Metadata = "metadata";
    public const string Inference = "inference";
    public const string SharedMemory = "shared-memory";
    public const string ModelConfig = "model-config";
    public const string ModelRepository = "model-repository";
    public const string Statistics = "statistics";
    public const string Trace = "trace";
    public const string Logging = "logging";

    private static readonly string[] Known = [Health, Metadata, Inference, SharedMemory, ModelConfig, ModelRepository, Statistics, Trace, Logging];
    private readonly Dictionary<string, (string Header, string Value)> _keys = new(StringComparer.Ordinal);

    /// <param name="groups">Each <c>API,API:HEADER=VALUE</c>.</param>
    /// <exception cref="OptionsValidationException">A group has another form, or names an API that is not there or is in another group.</exception>
    public RestrictedApis(IEnumerable<string> groups)
    {
        foreach (var group in groups)
        {
            if (group.Split(':', 2) is not [var apis, var key] || key.Split('=', 2) is not [{ Length: > 0 } header, var value])
            {
                throw Wrong($"restricted api '{group}' is not of the form API,API:HEADER=VALUE");
            }

            foreach (var api in apis.Split(',', StringSplitOptions.TrimEntries))
            {
                if (!Known.Contains(api))
                {
                    throw Wrong($"unknown restricted api '{api}'. APIs: {string.Join(", ", Known)}");
                }

                if (!_keys.TryAdd(api, (header, value)))
                {
                    throw Wrong($"api '{api}' can not be specified in multiple config groups");
                }
            }
        }
    }

    /// <summary>The header that a request for an API lacks; null: none.</summary>
    /// <param name="api">One of the constants.</param>
    /// <param name="headers">The request's.</param>
    /// <param name="prefix">What stands before the header's name.</param>
    public string? Missing(string api, IHeaderDictionary headers, string prefix = "") =>
        _keys.TryGetValue(api, out var key) && headers[prefix + key.Header] != key.Value ? prefix + key.Header : null;

    /// <summary>Puts the check before the routes of a group that are restricted. Nothing is put anywhere where none is.</summary>
    public void Guard(IEndpointConventionBuilder group)
    {
        if (_keys.Count > 0)
        {
            group.Add(Guard);
        }
    }

    private void Guard(EndpointBuilder endpoint)
    {
        if (endpoint is RouteEndpointBuilder { RoutePattern.RawText: { } pattern, RequestDelegate: { } handler } && ApiOf(pattern) is { } api && _keys.ContainsKey(api))
        {
            endpoint.RequestDelegate = context => Missing(api, context.Request.Headers) is { } header ? InferenceFront.RestrictedAsync(context, header) : handler(context);
        }
    }

    private static string? ApiOf(string pattern) => pattern switch
    {
        _ when pattern.Contains("**", StringComparison.Ordinal) => null,
        _ when pattern.Contains("/health/", StringComparison.Ordinal) || pattern.EndsWith("/ready", StringComparison.Ordinal) => Health,
        _ when pattern.Contains("/repository/", StringComparison.Ordinal) => ModelRepository,
        _ when pattern.Contains("sharedmemory", StringComparison.Ordinal) => SharedMemory,
        _ when pattern.EndsWith("/logging", StringComparison.Ordinal) => Logging,
        _ when pattern.EndsWith("/trace/setting", StringComparison.Ordinal) => Trace,
        _ when pattern.EndsWith("/stats", StringComparison.Ordinal) => Statistics,
        _ when pattern.EndsWith("/config", StringComparison.Ordinal) => ModelConfig,
        _ when pattern.EndsWith("/infer", StringComparison.Ordinal) || pattern.Contains("/generate", StringComparison.Ordinal) => Inference,
        _ => Metadata,
    };

    private static OptionsValidationException Wrong(string message) => new(ServingOptions.Section, typeof(ServingOptions), [message]);
}
