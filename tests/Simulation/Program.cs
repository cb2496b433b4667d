using System.Diagnostics;
using Saga.Tests.Simulation;
using Saga.Tests.Support;

// Runs N schedules. One that breaks a promise is repeated, and its steps are printed.
var (schedules, seed, mutant, shrink, goesOn, postgres) = (10_000, 0, Mutant.None, true, false, (string?)null);
foreach (var argument in args)
{
    switch (argument.Split('=', 2))
    {
        case ["--schedules", var text] when int.TryParse(text, out var number) && number > 0:
            schedules = number;
            break;
        case ["--seed", var text] when int.TryParse(text, out var number):
            seed = number;
            break;
        case ["--mutant", var text] when Enum.TryParse<Mutant>(text, ignoreCase: true, out var planted):
            mutant = planted;
            break;
        case ["--full-trace"]:
            shrink = false;
            break;
        case ["--postgres"]:
            postgres = await PostgresServer.AdminConnectionStringAsync();
            break;
        case ["--postgres", { Length: > 0 } server]:
            postgres = server;
            break;
        case ["--go-on"]:
            goesOn = true;
            break;
        default:
            Console.Error.WriteLine(
                $"""
                Unknown argument or value: {argument}
                Arguments: --schedules=N  how many schedules run, with the seeds from --seed on; 10000 without it
                           --seed=S       the first seed; 0 without it
                           --full-trace   print a schedule that breaks a promise as it ran, and not a shorter one that breaks one, too
                           --go-on        do not stop at a schedule that breaks a promise, and list all of them
                           --postgres     run each schedule on PostgreSQL, too, and compare all that happens; =<connection string of a superuser> for
                                          a server that runs already
                           --mutant=M     plant a bug: {string.Join(", ", Enum.GetNames<Mutant>().Skip(1))}
                """);
            return 2;
    }
}

var watch = Stopwatch.StartNew();
var ran = 0;
if (postgres is not null)
{
    var compared = await Comparison.RunAsync(postgres, seed, schedules, mutant, () =>
    {
        if (Interlocked.Increment(ref ran) % 100 == 0)
            Console.WriteLine($"{ran} schedules, {ran / watch.Elapsed.TotalSeconds:0.0} a second");
    }, goesOn);
    Console.WriteLine($"{compared.Schedules} schedules with {compared.Steps} lines on both in {watch.Elapsed.TotalSeconds:0.0} s, {compared.Schedules / watch.Elapsed.TotalSeconds:0.0} a second");
    foreach (var (differs, lines) in compared.Different)
        Console.WriteLine($"Seed {differs} differs, or breaks a promise:\n{string.Join('\n', lines)}");
    if (compared.Different.Count == 0)
        Console.WriteLine("Every schedule went equally in memory and on PostgreSQL.");
    return compared.Different.Count == 0 ? 0 : 1;
}

var result = Simulator.Run(seed, schedules, mutant, () =>
{
    if (Interlocked.Increment(ref ran) % 100_000 == 0)
        Console.WriteLine($"{ran} schedules, {ran / watch.Elapsed.TotalSeconds:0} a second");
}, goesOn);
Console.WriteLine($"{result.Schedules} schedules in {watch.Elapsed.TotalSeconds:0.0} s, {result.Schedules / watch.Elapsed.TotalSeconds:0} a second");
Console.WriteLine(string.Join(", ", result.Ends.OrderBy(e => e.Key).Select(e => $"{e.Value} {e.Key}")));
if (result.Broken is not { } broken)
{
    Console.WriteLine("Every promise was kept.");
    return 0;
}

foreach (var one in result.AllBroken)
    Console.WriteLine($"Seed {one.Seed}: {one.Promise}");
foreach (var line in shrink ? Simulator.Shrink(broken.Seed, mutant) : Simulator.Trace(broken.Seed, mutant))
    Console.WriteLine(line);
return 1;
