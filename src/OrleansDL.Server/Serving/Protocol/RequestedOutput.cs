namespace OrleansDL.Serving.Protocol;

/// <summary>An output the caller named; <see cref="Binary"/> is null where the caller left the form to the request.</summary>
internal readonly record struct RequestedOutput(string Name, bool? Binary);
