namespace OrleansDL.Datasets.Imports;

/// <summary>A source failed in a way that may pass: it is asked again.</summary>
internal sealed class SourceLostException(string message, Exception? inner = null) : Exception(message, inner);
