namespace OrleansDL.Serving.SharedMemory;

/// <summary>The tensors of a request that lie in shared memory.</summary>
internal sealed class SharedParts
{
    /// <summary>Inputs by their place among the request's; there they have no data yet.</summary>
    public List<(int Index, RegionPart Part)> Inputs { get; } = [];

    public List<(string Name, RegionPart Part)> Outputs { get; } = [];

    public bool HoldsOutput(string name)
    {
        foreach (var output in Outputs)
        {
            if (output.Name == name)
            {
                return true;
            }
        }

        return false;
    }
}
