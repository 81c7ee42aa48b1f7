namespace OrleansDL.Serving.Protocol;

/// <summary>An output the caller named.</summary>
/// <param name="Name">The output.</param>
/// <param name="Binary">Null where the caller gave no form.</param>
/// <param name="Classes">How many of its greatest values are wanted as texts; 0: the tensor itself.</param>
internal readonly record struct RequestedOutput(string Name, bool? Binary, int Classes = 0);
