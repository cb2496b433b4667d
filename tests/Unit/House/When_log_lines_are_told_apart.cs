using System.Reflection;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>An event id identifies one kind of log line across all programs, because people filter and alert by it.</summary>
public sealed class When_log_lines_are_told_apart
{
    private static readonly string[] Projects = ["Api", "Client", "Host", "Hosting", "Lifecycle", "Messaging", "Orchestrator", "Registry", "Tenancy", "Workers"];

    private static List<(string Method, int Id)> Lines { get; } =
    [
        .. from project in Projects
           from type in Assembly.Load($"Saga.{project}").GetTypes()
           from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
           let line = method.GetCustomAttribute<LoggerMessageAttribute>()
           where line is not null
           select ($"{type.FullName}.{method.Name}", line.EventId),
    ];

    [Fact]
    public void Should_have_an_event_id_of_its_own() =>
        Lines.GroupBy(l => l.Id).Where(g => g.Count() > 1).Select(g => $"{g.Key}: {string.Join(" and ", g.Select(l => l.Method))}").ShouldBeEmpty();

    [Fact]
    public void Should_have_an_event_id_at_all() => Lines.ShouldAllBe(l => l.Id > 0);

    [Fact]
    public void Should_be_found_by_this_test() => Lines.Count.ShouldBeGreaterThan(20);
}
