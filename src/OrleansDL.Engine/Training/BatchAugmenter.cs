using System.Runtime.InteropServices;
using OrleansDL.Data;

namespace OrleansDL.Training;

/// <summary>Changes batches of an epoch where they were read. Each thread has its own.</summary>
internal sealed class BatchAugmenter(Augmentation augmentation, SampleRows rows, int epoch)
{
    private readonly SampleReader _partners = rows.Open();
    private float[] _room = [];
    private float[] _partner = [];

    public void Change(BatchSlot slot, int batch, int count)
    {
        slot.Share = augmentation.Mixes ? augmentation.Share(epoch, batch) : 1;
        for (var row = 0; row < count; row++)
        {
            var values = MemoryMarshal.Cast<byte, float>(slot.Row(row));
            if (_room.Length != values.Length)
            {
                (_room, _partner) = (new float[values.Length], new float[values.Length]);
            }

            augmentation.Change(epoch, slot.Samples[row], values, _room);
            if (augmentation.Mixes)
            {
                var partner = augmentation.Partner(epoch, slot.Samples[row], rows.Count);
                _partners.Read(partner, MemoryMarshal.AsBytes(_partner.AsSpan()), slot.Partner(row));
                augmentation.Change(epoch, partner, _partner, _room);
                Augmentation.Mix(values, _partner, slot.Share);
            }
        }
    }
}
