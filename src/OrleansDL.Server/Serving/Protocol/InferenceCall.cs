using System.Buffers;
using OrleansDL.Serving.SharedMemory;

namespace OrleansDL.Serving.Protocol;

/// <summary>A parsed infer request. Its tensors live in pooled buffers (or in the body itself, for binary inputs).</summary>
internal sealed class InferenceCall
{
    private readonly List<byte[]> _rented = [];

    /// <summary>Bytes of JSON the request has; no tensor in it can have more elements.</summary>
    public int JsonLength { get; init; }

    /// <summary>The caller's own id, echoed in the answer.</summary>
    public string? Id { get; set; }

    public List<Tensor> Inputs { get; } = [];

    public List<RequestedOutput> Outputs { get; } = [];

    /// <summary>Whether the outputs of a request that lists none come back binary. One that is listed comes as JSON unless it says otherwise itself.</summary>
    public bool BinaryDataOutput { get; set; }

    /// <summary>Level of priority, 1 the first served; 0: the model's default.</summary>
    public int Priority { get; set; }

    /// <summary>How long the request may wait in a queue; 0: as the model says.</summary>
    public long TimeoutMicroseconds { get; set; }

    /// <summary>Id of the sequence the request belongs to, where it is a text.</summary>
    public string? SequenceText { get; set; }

    /// <summary>Id of the sequence the request belongs to, where it is a number; 0: none.</summary>
    public ulong SequenceNumber { get; set; }

    public bool IsSequenceStart { get; set; }

    public bool IsSequenceEnd { get; set; }

    /// <summary>Parameters the server does not know, as JSON values by name; null: none.</summary>
    public Dictionary<string, string>? Parameters { get; private set; }

    /// <summary>Keeps a parameter that the server does not know.</summary>
    public void AddParameter(string name, string json) => (Parameters ??= new Dictionary<string, string>(StringComparer.Ordinal))[name] = json;

    /// <summary>Which of its tensors lie in shared memory; null: none.</summary>
    public SharedParts? Shared { get; private set; }

    /// <summary>Notes that the input read next lies in shared memory.</summary>
    public void ShareInput(RegionPart part) => (Shared ??= new()).Inputs.Add((Inputs.Count, part));

    /// <summary>Notes that an output is wanted in shared memory.</summary>
    public void ShareOutput(string name, RegionPart part) => (Shared ??= new()).Outputs.Add((name, part));

    private SequenceStep? Sequence => SequenceNumber > 0 || !string.IsNullOrEmpty(SequenceText)
        ? new SequenceStep { Text = string.IsNullOrEmpty(SequenceText) ? null : SequenceText, Number = SequenceNumber, IsStart = IsSequenceStart, IsEnd = IsSequenceEnd }
        : null;

    public InferRequest ToRequest()
    {
        if (Outputs.Count == 0)
        {
            return new InferRequest { Inputs = Inputs, Priority = Priority, TimeoutMicroseconds = TimeoutMicroseconds, Sequence = Sequence, Parameters = Parameters };
        }

        var names = new string[Outputs.Count];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Outputs[i].Name;
        }

        return new InferRequest { Inputs = Inputs, Outputs = names, Priority = Priority, TimeoutMicroseconds = TimeoutMicroseconds, Sequence = Sequence, Parameters = Parameters };
    }

    public bool WantsBinary(string output)
    {
        foreach (var requested in Outputs)
        {
            if (requested.Name == output)
            {
                return requested.Binary is true;
            }
        }

        return BinaryDataOutput;
    }

    /// <summary>Takes a buffer that goes back to the pool with <see cref="ReturnBuffers"/>.</summary>
    public byte[] Rent(int bytes)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(bytes);
        _rented.Add(buffer);
        return buffer;
    }

    /// <summary>Gives the buffers back. Only after an answer: a call that was cancelled or timed out may still be reading them.</summary>
    public void ReturnBuffers()
    {
        foreach (var buffer in _rented)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _rented.Clear();
        Inputs.Clear();
    }
}
