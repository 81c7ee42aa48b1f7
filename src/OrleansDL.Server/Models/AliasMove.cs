namespace OrleansDL.Models;

/// <summary>An alias that was set, moved or removed: the data of the event <c>model-alias.changed</c>. Version 0 stands for none.</summary>
internal sealed record AliasMove(Guid Model, string Project, string ModelName, string Alias, long Version, long PreviousVersion);
