namespace OrleansDL.Training.Scheduling;

/// <summary>So many members of a gang on one worker.</summary>
internal readonly record struct PolicySeat(string Worker, int Members);
