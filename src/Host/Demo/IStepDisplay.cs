using Saga.Api.Operations;
using Spectre.Console;

namespace Saga.Host.Demo;

/// <summary>Shows the progress of an operation.</summary>
internal interface IStepDisplay
{
    /// <summary>Runs <paramref name="follow"/>, which passes on each new state of the operation.</summary>
    Task ShowAsync(Func<Action<OperationView>, Task> follow);

    static IStepDisplay For(IAnsiConsole terminal) =>
        terminal.Profile.Out.IsTerminal ? new LiveTable(terminal) : new PlainLines(terminal.Profile.Out.Writer);
}
