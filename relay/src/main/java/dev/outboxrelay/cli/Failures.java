package dev.outboxrelay.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says on stderr what failed, why and what to do next; a stack trace only with {@code --debug}. */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        err.println(command.getCommandSpec().qualifiedName() + " failed: " + describe(failure));
        if (parsed.expandedArgs().contains(Main.DEBUG)) {
            failure.printStackTrace(err);
        } else {
            err.println("Run it again with " + Main.DEBUG + " to see where.");
        }
        err.flush();
        return ExitCode.FAILED;
    }

    @Override
    public int handleParseException(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        err.println(name + ": " + wrong.getMessage() + ".");
        UnmatchedArgumentException.printSuggestions(wrong, err);
        err.println("See " + name + " --help.");
        err.flush();
        return ExitCode.WRONG_USAGE;
    }

    private static String describe(Throwable failure) {
        String message = failure.getMessage();
        String what = message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
        Throwable cause = failure.getCause();
        return cause == null || cause.getMessage() == null || what.contains(cause.getMessage())
                ? what
                : what + " (" + cause.getMessage() + ")";
    }
}
