namespace OrleansDL.Tests.Hosting;

/// <summary>A grain that says when it was woken.</summary>
[Alias("test-sleeper")]
public interface ISleeperGrain : IGrainWithStringKey, IWakeable;
