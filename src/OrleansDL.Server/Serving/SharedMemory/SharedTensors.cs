using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.SharedMemory;

/// <summary>The regions one request uses, held while it runs.</summary>
internal sealed class SharedTensors(RegionTable table, string project, SharedParts parts, int maximumBytes) : IDisposable
{
    private readonly Dictionary<string, SharedRegion> _regions = new(StringComparer.Ordinal);

    /// <summary>Copies the inputs out of shared memory into the request.</summary>
    /// <exception cref="InferenceProtocolException">An input or output does not lie in its region, or has another size than it says.</exception>
    public void Read(InferenceCall call, string model)
    {
        foreach (var (_, part) in parts.Outputs)
        {
            Region(part).Check(part);
        }

        var left = (ulong)maximumBytes;
        foreach (var (index, part) in parts.Inputs)
        {
            var region = Region(part);
            region.Check(part);
            var input = call.Inputs[index];

            // Held against shape and limit before memory is taken for it.
            TensorSize.CheckBytes((long)part.Bytes, input.Name, input.Type, input.Shape, model);
            if (part.Bytes > left)
            {
                throw InferenceProtocolException.Invalid($"the inputs for model '{model}' in shared memory have more than {maximumBytes} bytes (Serving:SharedMemory:MaximumRequestBytes)");
            }

            left -= part.Bytes;
            var data = call.Rent((int)part.Bytes).AsMemory(0, (int)part.Bytes);
            region.Read((long)part.Offset, data.Span);
            TensorSize.Check(data.Span, input.Name, input.Type, input.Shape, model);
            call.Inputs[index] = new Tensor { Name = input.Name, Type = input.Type, Shape = input.Shape, Data = data };
        }
    }

    /// <summary>Copies the outputs wanted there into shared memory, and gives the regions back: who has the answer may count on both.</summary>
    /// <exception cref="InferenceProtocolException">An output has more bytes than there is room for.</exception>
    public void Finish(InferAnswer answer)
    {
        foreach (var (name, part) in parts.Outputs)
        {
            foreach (var output in answer.Outputs)
            {
                if (output.Name != name)
                {
                    continue;
                }

                if ((ulong)output.Data.Length > part.Bytes)
                {
                    throw InferenceProtocolException.Internal(
                        $"shared memory size specified with the request for output '{name}' ({part.Bytes} bytes) should be at least {output.Data.Length} bytes to hold the results");
                }

                Region(part).Write((long)part.Offset, output.Data.Span);
            }
        }

        Dispose();
    }

    public void Dispose()
    {
        foreach (var region in _regions.Values)
        {
            table.GiveBack(project, region);
        }

        _regions.Clear();
    }

    private SharedRegion Region(RegionPart part)
    {
        if (!_regions.TryGetValue(part.Region, out var region))
        {
            _regions[part.Region] = region = table.Use(project, part.Region);
        }

        return region;
    }
}
