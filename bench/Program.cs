using Saga.Bench;
using Saga.Bench.Throughput;

switch (args.FirstOrDefault())
{
    case "b":
        await ThroughputBench.RunAsync(Settings.Of(args.Skip(1), rounds: 10), TimeProvider.System);
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: dotnet run -c Release --project bench -- b [--rounds=N] [--count=N] [--dry] [--Saga:Section:Key=value …]");
        return 2;
}
