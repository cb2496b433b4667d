using Saga.Host.Embedded;
using Saga.Host.Startup;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Host;

public sealed class When_a_program_is_looked_for : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("saga-test-programs-").FullName;

    [Fact]
    public void Should_pass_by_what_cannot_be_run()
    {
        File.CreateSymbolicLink(At("dangling"), Path.Combine(root, "removed"));
        File.WriteAllText(At("text"), "");
        File.SetUnixFileMode(At("text"), UnixFileMode.UserRead);
        Directory.CreateDirectory(At("folder"));
        File.CreateSymbolicLink(At("round"), At("round"));
        var program = At("program");
        File.WriteAllText(program, "");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.CreateSymbolicLink(At("linked"), program);
        string[] bad = ["nowhere", "dangling", "text", "folder", "round"];

        Programs.Find("server", bad.Select(f => Path.Combine(root, f))).ShouldBeNull();
        Programs.Find("server", bad.Append("linked").Append("program").Select(f => Path.Combine(root, f))).ShouldBe(At("linked"));
    }

    [Fact]
    public void Should_say_how_to_install_it() =>
        Should.Throw<StartException>(() => Programs.Require("saga-no-such-program", "some-package"))
            .Message.ShouldBe("The program saga-no-such-program was not found. Install it (Debian, Ubuntu: apt-get install some-package).");

    public void Dispose() => Directory.Delete(root, recursive: true);

    private string At(string folder) => Path.Combine(Directory.CreateDirectory(Path.Combine(root, folder)).FullName, "server");
}
