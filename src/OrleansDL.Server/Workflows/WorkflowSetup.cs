using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Workflows.Running;
using OrleansDL.Workflows.Steps;

namespace OrleansDL.Workflows;

internal static class WorkflowSetup
{
    public static IServiceCollection AddWorkflows(this IServiceCollection services) => services
        .AddSingleton<WorkflowTables>()
        .AddSingleton<ReferenceChecker>()
        .AddSingleton<StepRunner>()
        .AddSingleton<StepActions>()
        .AddSingleton<IStepAction, TrainStep>()
        .AddSingleton<IStepAction, EvaluateStep>()
        .AddSingleton<IStepAction, DeployStep>();
}
