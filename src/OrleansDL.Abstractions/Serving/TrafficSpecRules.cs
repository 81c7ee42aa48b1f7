using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>What a traffic spec must keep to.</summary>
public static class TrafficSpecRules
{
    private const int MaximumRules = 32;
    private const int MaximumSteps = 16;
    private const double Finest = 0.01;

    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(TrafficSpec spec)
    {
        Require(spec.Rules.Count <= MaximumRules, $"traffic.rules has {spec.Rules.Count} rules; {MaximumRules} are taken at most.");
        foreach (var rule in spec.Rules)
        {
            Require(IsHeader(rule.Header), $"traffic.rules names the header '{rule.Header}', which cannot be one.");
            Require(rule.Value.Length <= 1024, "traffic.rules compares with a value of more than 1024 characters.");
        }

        Require(spec.KeyHeader is null || IsHeader(spec.KeyHeader), $"traffic.keyHeader is '{spec.KeyHeader}', which cannot be a header.");
        if (spec.Shadow is { } shadow)
        {
            Require(shadow.Percent is >= Finest and <= 100, "traffic.shadow.percent is a number above 0, to 100.");
            Require(shadow.Tolerance is >= 0 and <= 1, "traffic.shadow.tolerance is a number from 0 to 1.");
        }

        if (spec.Canary is { } canary)
        {
            Require(spec.Shares.Count == 0, "traffic.shares and traffic.canary exclude each other: the canary's steps are the shares.");
            Check(canary);
        }
        else if (spec.Shares.Count > 0)
        {
            Require(spec.Shares.Count <= VersionPolicyRules.MaximumVersions, $"traffic.shares has {spec.Shares.Count} shares; {VersionPolicyRules.MaximumVersions} are taken at most.");
            Require(spec.Shares.All(share => share.Percent is >= 0 and <= 100), "traffic.shares has a percent outside 0 to 100.");
            Require(spec.Shares.DistinctBy(share => share.Version).Count() == spec.Shares.Count, "traffic.shares names a version twice.");
            Require(Math.Abs(spec.Shares.Sum(share => share.Percent) - 100) < Finest, string.Create(CultureInfo.InvariantCulture, $"traffic.shares make up {spec.Shares.Sum(share => share.Percent)} percent. They make up 100."));
        }
    }

    private static void Check(CanarySpec canary)
    {
        Require(canary.Canary != canary.Stable, $"traffic.canary compares version {canary.Canary} with itself.");
        Require(canary.Steps.Count is >= 1 and <= MaximumSteps, $"traffic.canary.steps has {canary.Steps.Count} steps; 1 to {MaximumSteps} are taken.");
        Require(
            canary.Steps.All(percent => percent is >= Finest and < 100) && canary.Steps.Zip(canary.Steps.Skip(1)).All(pair => pair.First < pair.Second),
            "traffic.canary.steps are percents above 0 and below 100, ascending.");
        Require(canary.StepSeconds is >= 20 and <= 604_800, $"traffic.canary.stepSeconds is {canary.StepSeconds}. Give a number from 20 to 604800.");
        Require(canary.MinimumRequests is >= 1 and <= 1_000_000_000, $"traffic.canary.minimumRequests is {canary.MinimumRequests}. Give a number from 1 to 1000000000.");
        Require(canary.MaximumErrorRatio is >= 0 and <= 1, "traffic.canary.maximumErrorRatio is a number from 0 to 1.");
        Require(canary.MinimumJudged is >= 0 and <= 1_000_000_000, $"traffic.canary.minimumJudged is {canary.MinimumJudged}. Give a number from 0 to 1000000000.");
        Require(canary.MaximumAccuracyLoss is >= 0 and <= 1, "traffic.canary.maximumAccuracyLoss is a number from 0 to 1.");
        Require(canary.MaximumLatencyRatio is 0 or (>= 1 and <= 1000), "traffic.canary.maximumLatencyRatio is 0, or a number from 1 to 1000.");
    }

    private static bool IsHeader(string name) => name.Length is > 0 and <= 256 && name.All(character => char.IsAsciiLetterOrDigit(character) || "!#$%&'*+-.^_`|~".Contains(character, StringComparison.Ordinal));

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidException(message);
        }
    }
}
