namespace OrleansDL.Tests.Workflows;

/// <summary>The workflow most tests use: train, judge on golden, deploy.</summary>
internal static class DigitsWorkflow
{
    public const string Yaml = """
        apiVersion: orleansdl/v1
        kind: Workflow
        name: digits
        inputs:
          dataset: { type: dataset, default: digits }
          epochs: { type: int, default: 5 }
        triggers:
          - dataset: digits
            when: event.rowsAdded >= 100
        deadline: 2h
        defaults: { timeout: 1h, retry: { max: 1, backoff: 50ms, on: [infra, timeout, error] } }
        steps:
          train:
            uses: train.run@1
            with:
              dataset: ${{ inputs.dataset }}
              network: { family: cnn, channels: [8, 16], hidden: [32] }
              input: { kind: image, height: 8, width: 8, channels: 1 }
              epochs: ${{ inputs.epochs }}
              seed: 7
              registerAs: digits
              params: { note: "epochs ${{ inputs.epochs }}" }
          judge:
            uses: model.evaluate@1
            with:
              model: ${{ steps.train.model }}
              dataset: digits-golden
              baseline: digits@production
            criteria:
              better: baseline == null || candidate.accuracy >= baseline.accuracy
              good: candidate.accuracy >= 0.9
          deploy:
            uses: model.deploy@1
            with:
              model: ${{ steps.judge.model }}
              deployment: digits
              alias: production
        """;
}
