using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>A copy of everything a checkpoint holds, in memory of its own that is used again and again: training waits for the copy, not for the file.</summary>
internal sealed class CheckpointBuffer(IReadOnlyDictionary<string, Tensor> tensors)
{
    private readonly Dictionary<string, SafeTensor> _copies = [];
    private IReadOnlyDictionary<string, string> _metadata = new Dictionary<string, string>();

    /// <summary>Copies the tensors as they are now, libtorch's generator among them.</summary>
    public void Take(IReadOnlyDictionary<string, string> metadata)
    {
        _metadata = metadata;
        foreach (var (name, tensor) in tensors)
        {
            Copy(name, "F32", tensor);
        }

        using var random = get_rng_state();
        Copy(CheckpointFile.RandomTensor, "U8", random);
    }

    public void WriteTo(Stream stream) => SafeTensors.Write(stream, [.. _copies.Values], _metadata);

    private void Copy(string name, string type, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var bytes = tensor.detach().cpu().bytes;
        if (!_copies.TryGetValue(name, out var copy))
        {
            _copies[name] = copy = new SafeTensor(name, type, tensor.shape, GC.AllocateUninitializedArray<byte>(bytes.Length));
        }

        bytes.CopyTo(copy.Data);
    }
}
