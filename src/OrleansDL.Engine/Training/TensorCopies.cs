using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Copies of tensors as they were at one moment.</summary>
internal sealed class TensorCopies(IReadOnlyDictionary<string, Tensor> originals) : IDisposable
{
    /// <summary>The copies, by the originals' names.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; } =
        originals.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.detach().clone().DetachFromDisposeScope());

    /// <summary>Copies anew.</summary>
    public void Take()
    {
        foreach (var (name, copy) in Tensors)
        {
            copy.copy_(originals[name]);
        }
    }

    /// <summary>Puts the originals back to what they were.</summary>
    public void PutBack()
    {
        foreach (var (name, copy) in Tensors)
        {
            originals[name].copy_(copy);
        }
    }

    public void Dispose()
    {
        foreach (var copy in Tensors.Values)
        {
            copy.Dispose();
        }
    }
}
