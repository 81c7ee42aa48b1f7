namespace OrleansDL.Training;

/// <summary>The learning rate of every step: a function of the spec, the steps of an epoch and the number of epochs, and of nothing that happened.</summary>
internal sealed class LearningRates
{
    /// <summary>What part of its peak one-cycle begins with, and what part of that it ends with, unless told otherwise (Smith and Topin 2018).</summary>
    private const double OneCycleStart = 1.0 / 25;
    private const double OneCycleEnd = OneCycleStart / 10_000;
    private const double OneCycleRise = 0.3;

    private readonly ScheduleSpec _schedule;
    private readonly double _rate;
    private readonly long _stepsPerEpoch;
    private readonly long _steps;
    private readonly long _warmup;

    public LearningRates(TrainingSpec spec, long stepsPerEpoch)
    {
        (_schedule, _rate, _stepsPerEpoch) = (spec.Schedule ?? new ScheduleSpec(), spec.LearningRate, stepsPerEpoch);
        _steps = stepsPerEpoch * spec.Epochs;
        var share = _schedule.WarmupFraction ?? (_schedule.Kind == "onecycle" ? OneCycleRise : 0);
        _warmup = Math.Min(_schedule.WarmupSteps ?? (long)Math.Round(share * _steps), _steps);
    }

    /// <param name="step">Number of the step, from 1.</param>
    public double At(long step) => _rate * (step <= _warmup ? Rise(step) : Fall(step));

    private double Rise(long step) => _schedule.Kind == "onecycle"
        ? Cosine(OneCycleStart, 1, (double)step / _warmup)
        : (double)step / _warmup;

    private double Fall(long step)
    {
        // 0 at the first step after the warm-up, 1 at the last step of all.
        var share = _steps - _warmup > 1 ? Math.Min(1, (double)(step - _warmup - 1) / (_steps - _warmup - 1)) : 0;
        var end = _schedule.FinalFraction ?? (_schedule.Kind == "onecycle" ? OneCycleEnd : 0);
        return _schedule.Kind switch
        {
            "step" => Math.Pow(_schedule.Factor ?? 0.1, (step - 1) / _stepsPerEpoch / _schedule.EveryEpochs!.Value),
            "cosine" or "onecycle" => Cosine(1, end, share),
            "linear" => 1 + ((end - 1) * share),
            "polynomial" => end + ((1 - end) * Math.Pow(1 - share, _schedule.Power ?? 2)),
            _ => 1,
        };
    }

    private static double Cosine(double from, double to, double share) => to + ((from - to) * (1 + Math.Cos(Math.PI * share)) / 2);
}
