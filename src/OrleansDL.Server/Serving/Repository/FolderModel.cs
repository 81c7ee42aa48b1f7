using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>One model as a repository's folder has it.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Config">Its configuration, not yet completed.</param>
/// <param name="GivesBatchSize">Whether the configuration says <c>max_batch_size</c>, be it 0.</param>
/// <param name="Versions">Files of each version by its number.</param>
/// <param name="Shared">Files beside the versions: labels.</param>
internal sealed record FolderModel(
    string Name, ModelConfig Config, bool GivesBatchSize, IReadOnlyDictionary<long, IReadOnlyList<FolderFile>> Versions, IReadOnlyList<FolderFile> Shared);
