using Saga.Bench;
using Saga.Bench.Backups;
using Saga.Bench.Burst;
using Saga.Bench.Full;
using Saga.Bench.Lists;
using Saga.Bench.Micro;
using Saga.Bench.Moves;
using Saga.Bench.Provisioning;
using Saga.Bench.Suspension;
using Saga.Bench.Throughput;

switch (args.FirstOrDefault())
{
    case "a":
        await ProvisioningBench.RunAsync(Settings.Of(args.Skip(1), rounds: 15), TimeProvider.System);
        return 0;
    case "b":
        await ThroughputBench.RunAsync(Settings.Of(args.Skip(1), rounds: 10), TimeProvider.System);
        return 0;
    case "c":
        await FullRegistryBench.RunAsync(Settings.Of(args.Skip(1), rounds: 10), TimeProvider.System);
        return 0;
    case "burst":
        await BurstBench.RunAsync(Settings.Of(args.Skip(1), rounds: 1), TimeProvider.System);
        return 0;
    case "move":
        await MoveBench.RunAsync(Settings.Of(args.Skip(1), rounds: 1), TimeProvider.System);
        return 0;
    case "backup":
        await BackupBench.RunAsync(Settings.Of(args.Skip(1), rounds: 3), TimeProvider.System);
        return 0;
    case "suspend":
        await SuspensionBench.RunAsync(Settings.Of(args.Skip(1), rounds: 15), TimeProvider.System);
        return 0;
    case "lists":
        await ListsBench.RunAsync(Settings.Of(args.Skip(1), rounds: 30), TimeProvider.System);
        return 0;
    case "micro":
        MicroBench.Run(brief: args.Contains("--brief", StringComparer.Ordinal));
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: dotnet run -c Release --project bench -- a|b|c|burst|move|backup|suspend|lists [--rounds=N] [--count=N] [--dry] [--Saga:Section:Key=value …], or micro [--brief]");
        return 2;
}
