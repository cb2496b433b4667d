using Saga.Api.Operations;
using Spectre.Console;

namespace Saga.Host.Demo;

/// <summary>Shows how far an operation is.</summary>
internal interface IStepDisplay
{
    /// <summary>Runs <paramref name="follow"/>, which hands over each new state of the operation.</summary>
    Task ShowAsync(Func<Action<OperationView>, Task> follow);

    static IStepDisplay For(IAnsiConsole terminal) =>
        terminal.Profile.Out.IsTerminal ? new LiveTable(terminal) : new PlainLines(terminal.Profile.Out.Writer);
}
