using OrleansDL.Collectives;
using OrleansDL.Data;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Batches read from the shards while the ones before them are trained on.</summary>
internal sealed class StreamedBatches(TrainingData data, int size, int batches, Device device, Augmentation? augmentation, RankShare share) : Batches
{
    private readonly BatchSlot[] _slots = [.. Enumerable.Range(0, data.Threads + 2).Select(_ => new BatchSlot(data, size, augmentation?.Mixes ?? false))];
    private Prefetch? _prefetch;

    public override void Begin(SampleOrder order, int batch)
    {
        _prefetch?.Dispose();
        _prefetch = new Prefetch(data.Training, order, _slots, size, batch, batches, data.Threads, augmentation, share);
    }

    public override Batch Next() => _prefetch!.Next().On(device);

    public override void Dispose()
    {
        _prefetch?.Dispose();
        foreach (var slot in _slots)
        {
            slot.Dispose();
        }
    }
}
