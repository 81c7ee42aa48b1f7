using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace OrleansDL.Serving.Protocol;

/// <summary>Headers that go to the model as parameters of the request, where an operator wants that.</summary>
internal sealed class HeaderForwarding(IOptions<ServingOptions> options)
{
    private readonly Regex? _http = Read(options.Value.HttpHeaderForwardPattern, nameof(ServingOptions.HttpHeaderForwardPattern));
    private readonly Regex? _rpc = Read(options.Value.GrpcHeaderForwardPattern, nameof(ServingOptions.GrpcHeaderForwardPattern));

    public void OfHttp(InferenceCall call, IHeaderDictionary headers)
    {
        if (_http is not null)
        {
            Add(call, headers, _http);
        }
    }

    public void OfRpc(InferenceCall call, IHeaderDictionary headers)
    {
        if (_rpc is not null)
        {
            Add(call, headers, _rpc);
        }
    }

    private static void Add(InferenceCall call, IHeaderDictionary headers, Regex wanted)
    {
        foreach (var (name, value) in headers)
        {
            // What the request says itself counts.
            if (wanted.IsMatch(name) && call.Parameters?.ContainsKey(name) is not true)
            {
                call.AddParameter(name, RequestParameters.Json(value.ToString()));
            }
        }
    }

    private static Regex? Read(string? pattern, string setting)
    {
        try
        {
            return string.IsNullOrEmpty(pattern) ? null : new Regex(pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new OptionsValidationException(ServingOptions.Section, typeof(ServingOptions), [$"Serving:{setting} '{pattern}' is no regular expression that can be used: {error.Message}"]);
        }
    }
}
