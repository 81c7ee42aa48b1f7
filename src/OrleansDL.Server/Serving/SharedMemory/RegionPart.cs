namespace OrleansDL.Serving.SharedMemory;

/// <summary>Where a tensor lies in shared memory, as its request says; nothing of it has been checked.</summary>
/// <param name="Region">The region's name.</param>
/// <param name="Offset">Bytes from the region's start.</param>
/// <param name="Bytes">Bytes of the tensor; of an output, bytes there is room for.</param>
internal readonly record struct RegionPart(string Region, ulong Offset, ulong Bytes);
