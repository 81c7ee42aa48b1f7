using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Tracing;

/// <summary>One traced request, from its first byte to the last of its answer, or a step of an ensemble on its way. It is written when it is over, whatever came of it.</summary>
internal sealed class RequestTrace
{
    private static readonly ActivitySource Source = new("OrleansDL.Serving");

    // Set for ensembles alone, and read by them alone: their steps are called far from where the request came in.
    private static readonly AsyncLocal<RequestTrace?> Ambient = new();
    private readonly Sampler _sampler;
    private readonly Func<long> _next;
    private readonly long _id;
    private readonly RequestTrace? _parent;
    private readonly string? _protocol;
    private readonly string? _received;
    private readonly Route _route;
    private readonly TimeProvider _time;
    private readonly Activity? _activity;
    private readonly List<(string Name, long Nanoseconds)> _marks = [];
    private readonly List<(string Activity, Tensor Tensor)> _tensors = [];
    private readonly DateTimeOffset _began;
    private readonly Lock _lock = new();
    private MemoryStream? _steps;
    private string? _requestId;

    /// <param name="sampler">Says what is written, and where to.</param>
    /// <param name="next">Numbers traces, from 1.</param>
    /// <param name="protocol"><c>HTTP</c> or <c>GRPC</c>.</param>
    /// <param name="route">Who answers.</param>
    /// <param name="began">Timestamp of its first byte.</param>
    /// <param name="parent">The caller's own trace, if there is one.</param>
    /// <param name="time">The clock.</param>
    public RequestTrace(Sampler sampler, Func<long> next, string protocol, Route route, long began, ActivityContext? parent, TimeProvider time)
    {
        (_sampler, _next, _id, _protocol, _route, _time) = (sampler, next, next(), protocol, route, time);
        _began = time.GetUtcNow() - time.GetElapsedTime(began);
        _activity = sampler.IsFile ? null : Source.StartActivity("InferRequest", ActivityKind.Server, parent ?? default, startTime: _began);
        _received = protocol is "GRPC" ? "GRPC_WAITREAD" : protocol + "_RECV";
        _marks.Add(($"{_received}_START", Nanoseconds(began)));
        if (route.Ensemble is not null)
        {
            Ambient.Value = this;
        }
    }

    private RequestTrace(RequestTrace parent, Route route, InferRequest request)
    {
        (_sampler, _next, _id, _parent, _route, _time, _requestId) = (parent._sampler, parent._next, parent._next(), parent, route, parent._time, parent._requestId);
        _began = _time.GetUtcNow();
        _activity = parent._activity is { } activity ? Source.StartActivity(route.Name, ActivityKind.Internal, activity.Context, startTime: _began) : null;
        OnStart(request.Inputs);
        Ambient.Value = this;
    }

    /// <summary>A step of the ensemble whose request is traced where this is called; null: it is not. What the step calls is within it.</summary>
    /// <param name="route">Who answers the step.</param>
    /// <param name="request">What it is asked.</param>
    public static RequestTrace? Step(Route route, InferRequest request) => Ambient.Value is { } parent ? new RequestTrace(parent, route, request) : null;

    /// <summary>The request is read, and goes to its model.</summary>
    public void OnRequest(InferenceCall call)
    {
        _requestId = call.Id;
        _marks.Add(($"{_received}_END", Now()));
        OnStart(call.Inputs);
    }

    public void OnAnswer(InferAnswer answer)
    {
        var (now, times) = (Now(), answer.Times ?? default);
        var output = Math.Max(_marks[^1].Nanoseconds, now - times.Output);
        var compute = Math.Max(_marks[^1].Nanoseconds, output - times.Run - times.Input);
        if (_route.Ensemble is null)
        {
            // An ensemble computes nothing itself.
            _marks.AddRange([("COMPUTE_START", compute), ("COMPUTE_INPUT_END", Math.Min(output, compute + times.Input)), ("COMPUTE_OUTPUT_START", output), ("COMPUTE_END", now)]);
        }

        _marks.Add(("REQUEST_END", now));
        if (_protocol is not null)
        {
            _marks.Add(($"{_protocol}_SEND_START", now));
        }

        if (_sampler.Levels.HasFlag(TraceLevels.Tensors))
        {
            _tensors.AddRange(answer.Outputs.Select(tensor => ("TENSOR_BACKEND_OUTPUT", tensor)));
        }
    }

    /// <summary>The answer, or why there is none, is sent; a step has ended.</summary>
    public void OnEnd()
    {
        if (_protocol is not null)
        {
            _marks.Add(($"{_protocol}_SEND_END", Now()));
        }

        if (_sampler.File is { } file)
        {
            using var json = new MemoryStream();
            Write(json);
            if (_steps is { } steps)
            {
                Join(json, steps);
                steps.Dispose();
            }

            if (_parent is not null)
            {
                _parent.Take(json);
            }
            else
            {
                file.Append(json.GetBuffer().AsSpan(0, (int)json.Length), _sampler.LogFrequency);
            }
        }

        End();
    }

    private void OnStart(IReadOnlyList<Tensor> inputs)
    {
        var now = Now();
        _marks.AddRange([("REQUEST_START", now), ("QUEUE_START", now)]);
        if (_sampler.Levels.HasFlag(TraceLevels.Tensors))
        {
            // The buffers go back to their pool before the trace is written.
            _tensors.AddRange(inputs.Select(input => ("TENSOR_QUEUE_INPUT", Copy(input))));
        }
    }

    /// <summary>A step is over. Steps run side by side, and one request is one trace of the file.</summary>
    private void Take(MemoryStream step)
    {
        lock (_lock)
        {
            Join(_steps ??= new MemoryStream(), step);
        }
    }

    private static void Join(MemoryStream to, MemoryStream more)
    {
        if (to.Length > 0)
        {
            to.WriteByte((byte)',');
        }

        more.WriteTo(to);
    }

    private void End()
    {
        if (_activity is null)
        {
            return;
        }

        _activity.SetTag("triton.model_name", _route.Name);
        _activity.SetTag("triton.model_version", _route.Number ?? _route.ModelVersion);
        _activity.SetTag("triton.request_id", _requestId);
        var origin = _marks[0].Nanoseconds;
        foreach (var (name, at) in _marks)
        {
            _activity.AddEvent(new ActivityEvent(name, _began.AddTicks((at - origin) / TimeSpan.NanosecondsPerTick)));
        }

        foreach (var (what, tensor) in _tensors)
        {
            _activity.AddEvent(new ActivityEvent(what, tags: new ActivityTagsCollection { ["name"] = tensor.Name, ["shape"] = Shape(tensor), ["dtype"] = Datatypes.NameOf(tensor.Type), ["data"] = Text(tensor) }));
        }

        _activity.Dispose();
    }

    private void Write(MemoryStream stream)
    {
        Object(stream, json =>
        {
            json.WriteString("model_name", _route.Name);
            json.WriteNumber("model_version", _route.Number ?? _route.ModelVersion);
            if (!string.IsNullOrEmpty(_requestId))
            {
                json.WriteString("request_id", _requestId);
            }

            if (_parent is not null)
            {
                json.WriteNumber("parent_id", _parent._id);
            }
        });
        if (_sampler.Levels.HasFlag(TraceLevels.Timestamps))
        {
            Object(stream, json =>
            {
                json.WriteStartArray("timestamps");
                foreach (var (name, at) in _marks)
                {
                    json.WriteStartObject();
                    json.WriteString("name", name);
                    json.WriteNumber("ns", at);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
        }

        foreach (var (what, tensor) in _tensors)
        {
            Object(stream, json =>
            {
                json.WriteString("activity", what);
                json.WriteStartObject("tensor");
                json.WriteString("name", tensor.Name);
                json.WriteString("data", Text(tensor));
                json.WriteString("shape", Shape(tensor));
                json.WriteString("dtype", Datatypes.NameOf(tensor.Type));
                json.WriteEndObject();
            });
        }
    }

    private void Object(MemoryStream stream, Action<Utf8JsonWriter> write)
    {
        if (stream.Length > 0)
        {
            stream.WriteByte((byte)',');
        }

        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteNumber("id", _id);
        write(json);
        json.WriteEndObject();
    }

    private static string Shape(Tensor tensor) => string.Join(',', tensor.Shape.Select(size => size.ToString(CultureInfo.InvariantCulture)));

    private static string Text(Tensor tensor)
    {
        if (tensor.Type is TensorElementType.Fp16 or TensorElementType.Bf16)
        {
            // No JSON form, and so no text either.
            return Convert.ToHexString(tensor.Data.Span);
        }

        using var text = new PooledBytes();
        try
        {
            InferenceResponseWriter.WriteData(text, tensor);
            return Encoding.UTF8.GetString(text.Written.Span);
        }
        catch (InferenceProtocolException)
        {
            // Not all of its numbers are finite.
            return Convert.ToHexString(tensor.Data.Span);
        }
    }

    private static Tensor Copy(Tensor tensor) => new() { Name = tensor.Name, Type = tensor.Type, Shape = tensor.Shape, Data = tensor.Data.ToArray() };

    private long Now() => Nanoseconds(_time.GetTimestamp());

    private long Nanoseconds(long timestamp) => (long)((Int128)timestamp * 1_000_000_000 / _time.TimestampFrequency);
}
