using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace OrleansDL.Serving.Tracing;

/// <summary>Traces requests of this server by settings that can change while it runs. Off, it costs a request one look at a field.</summary>
internal sealed class Tracer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly TraceSettings _start;
    private readonly Dictionary<Guid, TraceSettings> _models = [];
    private readonly Dictionary<string, TraceFile> _files = new(StringComparer.Ordinal);
    private TraceSettings _server = TraceSettings.None;
    private volatile Samplers? _samplers;
    private long _traces;

    public Tracer(TimeProvider time, IOptions<TraceOptions> options)
    {
        (_time, _start) = (time, TraceSettings.Of(options.Value));
        Make();
    }

    /// <summary>A trace of this request; null: it is not traced.</summary>
    /// <param name="route">Who answers.</param>
    /// <param name="protocol"><c>HTTP</c> or <c>GRPC</c>.</param>
    /// <param name="headers">May name the caller's own trace.</param>
    /// <param name="began">Timestamp of its first byte.</param>
    public RequestTrace? Begin(Route route, string protocol, IHeaderDictionary headers, long began)
    {
        if (_samplers is not { } samplers || samplers.For(route.Deployment) is not { } sampler)
        {
            return null;
        }

        var parent = !sampler.IsFile && ActivityContext.TryParse(headers.TraceParent, headers.TraceState, isRemote: true, out var given) ? given : (ActivityContext?)null;
        return sampler.Takes(parent) ? new RequestTrace(sampler, Next, protocol, route, began, parent, _time) : null;
    }

    /// <summary>What holds for the server, or for one model.</summary>
    public TraceSettings Settings(Guid? model)
    {
        lock (_gate)
        {
            return Of(model);
        }
    }

    /// <summary>Changes settings, and tells what holds then.</summary>
    /// <inheritdoc cref="TraceSettings.With"/>
    public TraceSettings Change(Guid? model, IReadOnlyDictionary<string, IReadOnlyList<string>> changes)
    {
        lock (_gate)
        {
            if (model is { } own)
            {
                _models[own] = _models.GetValueOrDefault(own, TraceSettings.None).With(changes);
                if (_models[own].Values.Count == 0)
                {
                    _models.Remove(own);
                }
            }
            else
            {
                _server = _server.With(changes);
            }

            Make();
            return Of(model);
        }
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }

    private long Next() => Interlocked.Increment(ref _traces);

    private void Make()
    {
        foreach (var file in _files.Values)
        {
            file.Close();
        }

        var server = SamplerOf(Of(null));
        var models = _models.Keys.ToDictionary(model => model, model => SamplerOf(Of(model)));
        _samplers = server is null && models.Values.All(sampler => sampler is null) ? null : new Samplers(server, models);
    }

    private Sampler? SamplerOf(TraceSettings settings)
    {
        if (!settings.IsOn)
        {
            return null;
        }

        TraceFile? file = null;
        if (settings.Kind is TraceMode.Triton && !_files.TryGetValue(settings.Path, out file))
        {
            _files[settings.Path] = file = new TraceFile(settings.Path);
        }

        return new Sampler(settings, file);
    }

    private TraceSettings Of(Guid? model)
    {
        var server = _server.Over(_start);
        return model is { } own && _models.TryGetValue(own, out var settings) ? settings.Over(server) : server;
    }

    private sealed record Samplers(Sampler? Server, IReadOnlyDictionary<Guid, Sampler?> Models)
    {
        public Sampler? For(Guid model) => Models.TryGetValue(model, out var own) ? own : Server;
    }
}
