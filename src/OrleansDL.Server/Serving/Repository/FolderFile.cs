namespace OrleansDL.Serving.Repository;

/// <summary>A file of a model: in the folder, or sent by a caller instead.</summary>
internal sealed record FolderFile(string Name, Func<Stream> Open);
