namespace OrleansDL.Serving;

/// <summary>An answer, and the route it was answered by: after a swap that is another than the one first looked up.</summary>
internal readonly record struct Answered<T>(Route Route, T Answer);
